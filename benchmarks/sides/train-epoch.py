"""PyTorch's side of works/epoch.mjs: an epoch of SimCLR at its best (bfloat16 where asked for, channels-last), the images in memory
as torchvision's CIFAR10 has them, augmented from PIL by the workers of a DataLoader. It answers each line with
`{ ms, cpuMs, loss }`; the processor's time is also that of the workers.
"""
import argparse
import json
import math
import random
import sys
import time

import numpy as np
import psutil
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from augment import simclr
from simclr_model import Contrast, SimCLR

CIFAR10 = (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616)


class Pairs(Dataset):
    def __init__(self, file, size):
        self.images = np.fromfile(file, np.uint8).reshape(-1, 3, size, size).transpose(0, 2, 3, 1).copy()
        self.view = simclr(size, "pil", *CIFAR10)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = Image.fromarray(self.images[index])
        return self.view(image), self.view(image)


def cpu_seconds():
    """Of this process and its workers, which live from round to round."""
    own = psutil.Process()
    return sum(sum(p.cpu_times()[:2]) for p in [own, *own.children(recursive=True)])


parser = argparse.ArgumentParser()
parser.add_argument("--images", required=True)
parser.add_argument("--workers", type=int, default=2)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--precision", default="float32")
parser.add_argument("--width", type=int, default=16)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--lr", type=float, required=True)
options = parser.parse_args()
torch.set_num_threads(options.threads)
loader = DataLoader(
    Pairs(options.images, 32),
    options.batch,
    shuffle=True,
    drop_last=True,
    num_workers=options.workers,
    persistent_workers=options.workers > 0,
    worker_init_fn=lambda worker: random.seed(worker),
)
loss_of = Contrast(2 * options.batch, options.precision)


def run(seed):
    torch.manual_seed(seed)
    model = SimCLR(options.width).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=options.lr, momentum=0.9, weight_decay=5e-4)
    losses = []
    for step, views in enumerate(loader):
        for group in optimizer.param_groups:
            group["lr"] = options.lr * (1 + math.cos(math.pi * step / len(loader))) / 2
        loss = loss_of(model, torch.cat(views).contiguous(memory_format=torch.channels_last))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    started, cpu = time.perf_counter(), cpu_seconds()
    loss = run(int(line))
    cpu_ms, ms = (cpu_seconds() - cpu) * 1000, (time.perf_counter() - started) * 1000
    print(json.dumps({"ms": ms, "cpuMs": cpu_ms, "loss": loss}), flush=True)
