# make demo: see what la-ssl does. make test: run every fast test. Each installs only what is missing.
.DEFAULT_GOAL := build
.PHONY: build demo test test-slow lint format bench scaling clean setup

la-ssl := node packages/la-ssl/bin/la-ssl.js

setup:
	@sh scripts/setup.sh

build: setup
	@node packages/torch/scripts/build-native.mjs
	@npx --no-install tsc -b

# Trains an encoder twice on the same images, uniformly and by learning speed, and compares the two.
demo: build
	@$(la-ssl) demo

# Two files at a time with one thread each: two pools of threads on the same cores slow each other down.
test: build
	@OMP_NUM_THREADS=1 node --test --test-concurrency=2 packages/torch/dist packages/la-ssl/dist

# What takes minutes or needs CIFAR-10: fidelity over 1,000 images, memory over thousands of steps.
test-slow: build
	@sh scripts/test-slow.sh

lint: setup
	@npx --no-install biome check --error-on-warnings .

format: setup
	@npx --no-install biome check --write .

# Against PyTorch, torchvision, NumPy and scikit-learn on the same machine, in turns. Some of it: node benchmarks/run.mjs --help.
bench: build
	@sh benchmarks/setup.sh
	@node benchmarks/run.mjs

# How time and memory grow with the size of what is done, and plots of it. Some of it: node benchmarks/scaling.mjs --help
scaling: build
	@node benchmarks/scaling.mjs --plots docs/performance

clean:
	rm -rf packages/*/dist packages/*/build node_modules
