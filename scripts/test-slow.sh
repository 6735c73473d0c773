#!/bin/sh
# Checks that take minutes and need CIFAR-10 (fetched where it is not in the cache).
set -eu
cd "$(dirname "$0")/.."
node packages/la-ssl/bin/la-ssl.js data cifar10
find packages/*/dist -name '*.slow.js' | sort | while read -r file; do
  printf '\n%s\n' "$file"
  node "$file"
done
