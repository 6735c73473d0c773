"""torchvision's side of works/jpeg-folder.mjs: ImageFolder and the workers of a DataLoader, to the same pixels. It answers each line
with `{ ms, cpuMs, means }`, the latter of the first image of each batch.
"""
import argparse
import json
import sys
import time

import psutil
import torch
import torchvision
from torch.utils.data import DataLoader
from torchvision import transforms as T
from torchvision.datasets import ImageFolder

parser = argparse.ArgumentParser()
parser.add_argument("--path", required=True)
parser.add_argument("--size", type=int, default=224)
parser.add_argument("--workers", type=int, default=2)
options = parser.parse_args()
torch.set_num_threads(1)
view = T.Compose([T.Resize(options.size), T.CenterCrop(options.size), T.ToTensor()])
loader = DataLoader(
    ImageFolder(options.path, view), 64, num_workers=options.workers, persistent_workers=options.workers > 0
)


def cpu_seconds():
    own = psutil.Process()
    return sum(sum(p.cpu_times()[:2]) for p in [own, *own.children(recursive=True)])


print(json.dumps({"version": torchvision.__version__, "threads": 1}), flush=True)
for _line in sys.stdin:
    started, cpu = time.perf_counter(), cpu_seconds()
    means = [images[0].mean().item() for images, _labels in loader]
    cpu_ms, ms = (cpu_seconds() - cpu) * 1000, (time.perf_counter() - started) * 1000
    print(json.dumps({"ms": ms, "cpuMs": cpu_ms, "means": means}), flush=True)
