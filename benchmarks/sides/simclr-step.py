"""PyTorch's side of works/simclr.mjs: the same training step as simclr-step.mjs, driven by the same lines.

Eager PyTorch, as commonly run (contiguous, float32, gradients set to zero) or at its best (channels-last, autocast where
asked for, gradients set to None). It starts from the weights and images that simclr-step.mjs exports.
"""
import argparse
import contextlib
import json
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

DTYPES = {"F32": torch.float32, "I64": torch.int64}


def load(file):
    """Tensors by name from a safetensors file."""
    with open(file, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
        data = bytearray(stream.read())
    header.pop("__metadata__", None)

    def tensor(entry):
        start, end = entry["data_offsets"]
        values = torch.frombuffer(memoryview(data)[start:end], dtype=DTYPES[entry["dtype"]])
        return values.reshape(entry["shape"]).clone()

    return {name: tensor(entry) for name, entry in header.items()}


def conv(inside, outside, size, stride=1):
    return nn.Conv2d(inside, outside, size, stride, padding=size // 2, bias=False)


class Block(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inside, outside, 3, stride), nn.BatchNorm2d(outside)
        self.conv2, self.bn2 = conv(outside, outside, 3), nn.BatchNorm2d(outside)
        self.downsample = None
        if stride != 1 or inside != outside:
            self.downsample = nn.Sequential(conv(inside, outside, 1, stride), nn.BatchNorm2d(outside))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(x)).add_(shortcut), inplace=True)


class Encoder(nn.Module):
    """ResNet-18 with the stem for CIFAR."""

    def __init__(self, width):
        super().__init__()
        self.conv1, self.bn1 = conv(3, width, 3), nn.BatchNorm2d(width)
        inside = width
        for stage in range(4):
            outside = width * 2**stage
            blocks = [Block(inside, outside, 2 if stage else 1), Block(outside, outside, 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            inside = outside
        self.features = inside

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))


class SimCLR(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.encoder = Encoder(width)
        f = self.encoder.features
        self.projector = nn.Sequential(
            nn.Linear(f, f, bias=False), nn.BatchNorm1d(f), nn.ReLU(inplace=True), nn.Linear(f, 128)
        )


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
rows = len(views)
partner = torch.arange(rows).roll(rows // 2)
itself = torch.eye(rows, dtype=torch.bool)
autocast = (
    (lambda: torch.autocast("cpu", dtype=torch.bfloat16))
    if options.precision == "bfloat16"
    else contextlib.nullcontext
)


def step():
    with autocast():
        features = model.encoder(views)
    z = F.normalize(model.projector(features.float()))
    loss = F.cross_entropy((z @ z.T / 0.5).masked_fill(itself, -torch.inf), partner)
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
