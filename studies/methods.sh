#!/bin/sh
# Every method, two questions. Clean CIFAR-10: does it learn, by nearest neighbours against its untrained encoder?
# Corrupted CIFAR-10: uniform against LA-SSL at one modest budget, the same for all.
# Usage: sh studies/methods.sh [runs folder]; METHODS="simclr byol", SEEDS="0 1", THREADS=2, PART=clean or corrupted.
# Can be stopped and started again: finished runs are kept, unfinished ones go on.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
la_ssl="node $here/../packages/la-ssl/bin/la-ssl.js"
runs=${1:-runs/methods}
methods=${METHODS:-simclr barlow-twins simsiam dino mae byol moco-v3 vicreg}

# Narrow heads for a narrow encoder, rates that suit a short run; the rest is each method's recipe.
options() {
  resnet="--encoder resnet18 --stem imagenet --width 16 --lr-warmup-epochs 1"
  case $1 in
    simclr) echo "$resnet --lr 0.12" ;;
    barlow-twins) echo "$resnet --hidden 512 --projections 512 --loss-scale 0.4" ;;
    simsiam) echo "$resnet --hidden 512 --projections 512 --predictor-hidden 128" ;;
    dino)
      echo "$resnet --hidden 512 --bottleneck 128 --prototypes 1024 --optimizer sgd --lr 0.1 --weight-decay 5e-4" \
        "--freeze-last-layer-epochs 0 --solarize-probability 0"
      ;;
    mae)
      echo "--encoder vit-tiny --depth 2 --pooling avg --decoder-depth 1 --decoder-width 64 --lr 0.001" \
        "--lr-warmup-epochs 1 --batch-size 64"
      ;;
    byol) echo "$resnet --hidden 512 --projections 128 --predictor-hidden 512 --optimizer sgd --lr 0.06 --weight-decay 5e-4" ;;
    moco-v3) echo "$resnet --hidden 512 --projections 128 --predictor-hidden 512" ;;
    vicreg) echo "$resnet --hidden 512 --projections 512" ;;
    *) echo "$1 is no method" >&2; exit 2 ;;
  esac
}

# How long each trains on clean images: those that follow a momentum encoder or themselves are slow at first.
epochs() {
  case $1 in
    simsiam) echo 30 ;;
    byol) echo 16 ;;
    dino) echo 24 ;;
    mae) echo 12 ;;
    *) echo 8 ;;
  esac
}

# train <name> <options>: trains the run, goes on with it, or leaves it as it is where it is finished.
train() {
  name=$1
  shift
  if [ ! -e "$runs/$name/config.yaml" ]; then
    $la_ssl train --batch-size 128 ${THREADS:+--threads "$THREADS"} "$@" --runs "$runs" --name "$name"
  elif [ ! -e "$runs/$name/encoder.safetensors" ]; then
    $la_ssl train --resume "$runs/$name"
  fi
}

for method in $methods; do
  if [ "${PART:-clean}" = clean ]; then
    # shellcheck disable=SC2046
    train "clean-$method" --dataset cifar10 --examples 10000 --method "$method" $(options "$method") \
      --sampler uniform --epochs "$(epochs "$method")" --knn-every 4 --knn-examples 5000 --knn-queries 2000 --seed 0
  fi
  if [ "${PART:-corrupted}" = corrupted ]; then
    for seed in ${SEEDS:-0 1}; do
      for sampler in uniform la-ssl; do
        # shellcheck disable=SC2046
        train "$method-$sampler-$seed" --dataset corrupted-cifar10 --set 0 --severity 5 --aligned-share 0.95 \
          --examples 10000 --method "$method" $(options "$method") --sampler "$sampler" --scoring in-step \
          --uniform-share 0.5 --warmup-epochs 3 --update-every 1 --epochs 6 --seed "$seed"
      done
    done
  fi
done
