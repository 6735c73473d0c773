#!/bin/sh
# Installs what the build needs and this machine lacks: a C++ compiler, libtorch, OpenBLAS, libjpeg, the npm packages.
# Debian and Ubuntu only for the system's part; elsewhere it says what to install. Safe to run again.
set -eu
cd "$(dirname "$0")/.."

. scripts/apt-install.sh

command -v node >/dev/null || { say "Node.js 20.9 or later is needed: https://nodejs.org"; exit 1; }
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 9) ? 0 : 1)' ||
  { say "Node.js 20.9 or later is needed, this is $(node --version)."; exit 1; }

missing=""
command -v "${CXX:-g++}" >/dev/null || missing="$missing g++"
status=0
found=$(node packages/torch/scripts/build-native.mjs --find 2>/dev/null) || status=$?
if [ "$status" = 3 ]; then
  missing="$missing libtorch-dev libopenblas0-openmp"
elif [ "$status" != 0 ]; then
  node packages/torch/scripts/build-native.mjs --find # says what is wrong
elif [ "${found#*the system}" != "$found" ] && ! ldconfig -p 2>/dev/null | grep -q libopenblas; then
  missing="$missing libopenblas0-openmp" # without it Debian's libtorch multiplies matrices with reference BLAS
fi

if [ -n "$missing" ]; then
  command -v apt-get >/dev/null || node packages/torch/scripts/build-native.mjs --find || true # says what it looked for
  # shellcheck disable=SC2086
  install_needed make $missing
fi

# With libjpeg the addon decodes JPEG files itself, which is faster; a first build tries to have it, and does without.
has_jpeg() { printf '#include <cstdio>\n#include <jpeglib.h>\n' | "${CXX:-g++}" -E -x c++ - >/dev/null 2>&1; }
if [ ! -e packages/torch/build/la_ssl_torch.node ] && ! has_jpeg && command -v apt-get >/dev/null; then
  if [ -z "$as_root" ] || sudo -n true 2>/dev/null; then
    say "Installing libjpeg-dev"
    install libjpeg-dev || say "libjpeg-dev cannot be had: JPEG files take twice the time to read"
  fi
fi

if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say "Installing the npm packages"
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi
