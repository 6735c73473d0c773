"""PyTorch's side of works/simclr.mjs: the same training step as simclr-step.mjs, driven by the same lines.

Eager PyTorch, as commonly run (contiguous, float32, gradients set to zero) or at its best (channels-last, autocast where
asked for, gradients set to None). It starts from the weights and images that simclr-step.mjs exports.
"""
import argparse
import json
import sys
import time

import torch

from simclr_model import Contrast, SimCLR, load

parser = argparse.ArgumentParser()
parser.add_argument("--precision", default="float32")
parser.add_argument("--layout", choices=["contiguous", "channels-last"], default="channels-last")
parser.add_argument("--width", type=int, default=16)
parser.add_argument("--threads", type=int)
parser.add_argument("--warmup", type=int, default=10)
parser.add_argument("--load", required=True)
options = parser.parse_args()
if options.threads:
    torch.set_num_threads(options.threads)

state = load(options.load)
views = torch.cat([state.pop("view0"), state.pop("view1")])
best = options.layout == "channels-last"
layout = torch.channels_last if best else torch.contiguous_format
views = views.contiguous(memory_format=layout)
model = SimCLR(options.width)
model.load_state_dict(state)
model = model.to(memory_format=layout)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
loss_of = Contrast(len(views), options.precision)


def step():
    loss = loss_of(model, views)
    optimizer.zero_grad(set_to_none=best)
    loss.backward()
    optimizer.step()
    return loss.item()


losses = [step() for _ in range(options.warmup)][:3]
print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(), "losses": losses}), flush=True)
for line in sys.stdin:
    ms = []
    cpu = time.process_time()
    for _ in range(int(line)):
        started = time.perf_counter()
        step()
        ms.append((time.perf_counter() - started) * 1000)
    cpu_ms = (time.process_time() - cpu) * 1000 / len(ms)
    print(json.dumps({"ms": ms, "cpuMs": cpu_ms}), flush=True)
