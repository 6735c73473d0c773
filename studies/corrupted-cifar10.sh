#!/bin/sh
# Corrupted CIFAR-10: uniform, LA-SSL and an oracle that draws by true group, at equal optimizer steps.
# Usage: sh studies/corrupted-cifar10.sh [runs folder]; SEEDS="0 1 2", SAMPLERS="uniform oracle la-ssl", THREADS=2.
# Two runs side by side with THREADS=1 are faster than one with two threads, on two cores:
#   THREADS=1 SAMPLERS=uniform sh studies/corrupted-cifar10.sh & THREADS=1 SAMPLERS="oracle la-ssl" sh ...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
la_ssl="node $here/../packages/la-ssl/bin/la-ssl.js"
runs=${1:-runs/corrupted-cifar10}
folders=""
for sampler in ${SAMPLERS:-uniform oracle la-ssl}; do
  for seed in ${SEEDS:-0 1 2}; do
    run=$runs/$sampler-$seed
    if [ ! -e "$run/config.yaml" ]; then
      $la_ssl train --config "$here/corrupted-cifar10.yaml" --sampler "$sampler" --seed "$seed" \
        ${THREADS:+--threads "$THREADS"} --runs "$runs" --name "$sampler-$seed"
    elif [ ! -e "$run/encoder.safetensors" ]; then
      $la_ssl train --resume "$run"
    fi
    folders="$folders $run"
  done
done
# shellcheck disable=SC2086
$la_ssl probe $folders
