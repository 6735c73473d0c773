"""SimCLR with a ResNet-18 for CIFAR in plain PyTorch, and what is read from our side: shared by the sides in Python."""
import contextlib
import json
import struct

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


def autocast_of(precision):
    """@returns what makes a context: bfloat16, or as it is"""
    if precision == "bfloat16":
        return lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    return contextlib.nullcontext


class Contrast:
    """The loss of both views of each example, `[2N, 3, H, W]`, with temperature ½; the projector stays in float32."""

    def __init__(self, rows, precision):
        self.partner = torch.arange(rows).roll(rows // 2)
        self.itself = torch.eye(rows, dtype=torch.bool)
        self.autocast = autocast_of(precision)

    def __call__(self, model, views):
        with self.autocast():
            features = model.encoder(views)
        z = F.normalize(model.projector(features.float()))
        return F.cross_entropy((z @ z.T / 0.5).masked_fill(self.itself, -torch.inf), self.partner)
