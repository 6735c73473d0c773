#!/bin/sh
# Installs what `make bench` compares with and this machine lacks: PyTorch, torchvision, scikit-learn, Pillow and the OpenBLAS that
# programs get by default. Debian and Ubuntu only; elsewhere it says what to install. Safe to run again.
set -eu
cd "$(dirname "$0")"

. ../scripts/apt-install.sh

# A python3 with PyTorch is taken as it is, as run.mjs does: it must have the others too.
python=""
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import torch' 2>/dev/null; then python=$candidate; break; fi
done
missing=""
need() { "${python:-/usr/bin/python3}" -c "import $1" 2>/dev/null || missing="$missing $2"; }
need torch python3-torch
need torchvision python3-torchvision
need sklearn python3-sklearn
need PIL python3-pil

if [ -n "$missing" ]; then
  if [ -n "$python" ] && [ "$("$python" -c 'import os, torch; print(os.path.realpath(torch.__file__).startswith("/usr/lib"))')" != True ]; then
    say "$python has a PyTorch that is not the system's. Install these for it too:$missing (by their Debian names)."
    exit 1
  fi
  # shellcheck disable=SC2086
  install_needed "make bench" $missing
fi

# libopenblas0-pthread is unpacked beside the benchmark, not installed: Debian ranks it above the OpenMP flavour, so that installing
# it would change the BLAS of every program here, la-ssl among them. Sides are told which to use, by LD_LIBRARY_PATH (blas.mjs).
found=""
for library in /usr/lib/*/openblas-pthread/libblas.so.3 .cache/blas/usr/lib/*/openblas-pthread/libblas.so.3; do
  if [ -e "$library" ]; then found=yes; fi
done
if [ -z "$found" ]; then
  if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
    mkdir -p .cache/blas
    if (cd .cache/blas && apt-get download -qq libopenblas0-pthread >&2 && dpkg -x libopenblas0-pthread_*.deb . && rm ./*.deb); then
      say "Unpacked libopenblas0-pthread for the peers, in benchmarks/.cache"
    else
      say "libopenblas0-pthread cannot be had: the peers run with the BLAS that this machine uses."
    fi
  fi
fi
