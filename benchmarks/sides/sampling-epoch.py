"""The other side of works/sampling.mjs, driven by the same lines: the same rule in NumPy and `numpy.random.choice`, or in PyTorch
and its `WeightedRandomSampler`, which gives its draws as Python's numbers one by one; that part is not counted.
"""
import argparse
import json
import resource
import sys
import time

import numpy as np
import torch
from torch.utils.data import WeightedRandomSampler

parser = argparse.ArgumentParser()
parser.add_argument("--peer", choices=["numpy", "torch"], required=True)
parser.add_argument("--examples", type=int, default=1_000_000)
options = parser.parse_args()
count, r, gamma, uniform_share = options.examples, 0.1, 10, 0.1
torch.set_num_threads(1)
np.random.seed(0)
speeds = np.exp(0.3 * np.random.normal(size=count))


def with_numpy():
    threshold = np.quantile(speeds, r)
    weights = np.maximum(0, threshold - gamma * (speeds - threshold))
    probabilities = (1 - uniform_share) * (weights / weights.sum()) + uniform_share / count
    return np.random.choice(count, count, replace=True, p=probabilities)


def with_torch():
    values = torch.from_numpy(speeds)
    threshold = torch.quantile(values, r)
    weights = torch.clamp(threshold - gamma * (values - threshold), min=0)
    probabilities = (1 - uniform_share) * (weights / weights.sum()) + uniform_share / count
    draws = iter(WeightedRandomSampler(probabilities, count, replacement=True))
    first = next(draws)  # all of them are made here
    return first, draws


draw = with_numpy if options.peer == "numpy" else with_torch
version = np.__version__ if options.peer == "numpy" else torch.__version__
print(json.dumps({"version": version}), flush=True)
for _line in sys.stdin:
    started, cpu = time.perf_counter(), time.process_time()
    draws = draw()
    cpu_ms, ms = (time.process_time() - cpu) * 1000, (time.perf_counter() - started) * 1000
    if options.peer == "torch":
        first, others = draws
        draws = np.fromiter(others, dtype=np.int64, count=count - 1)
    mean = float(speeds[draws].mean())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": ms, "cpuMs": cpu_ms, "meanSpeed": mean, "peakMB": peak}), flush=True)
