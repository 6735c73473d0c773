"""What sides in Python share whose work is a training step: their options, and how they are driven; as serve-steps.mjs."""
import argparse
import json
import resource
import sys
import time

import torch


def step_parser():
    """What all have: give it a side's own options, then to `step_options`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--warmup", type=int, default=10)
    parser.add_argument("--load", required=True)
    return parser


def step_options(parser):
    """The options; so many threads are used from then on."""
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    return options


def serve_steps(step, warmup):
    """Warms up `step`, which gives the loss, and then does as many of them as each line says."""
    losses = [step() for _ in range(warmup)][:3]
    ready = {"version": torch.__version__, "threads": torch.get_num_threads(), "losses": losses}
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        ms, cpu = [], time.process_time()
        for _ in range(int(line)):
            started = time.perf_counter()
            step()
            ms.append((time.perf_counter() - started) * 1000)
        cpu_ms = (time.process_time() - cpu) * 1000 / len(ms)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"ms": ms, "cpuMs": cpu_ms, "peakMB": peak}), flush=True)
