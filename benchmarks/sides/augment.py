"""torchvision's side of works/augment.mjs: the same augmentation, an example at a time as a DataLoader's worker does it, on one
thread: of PIL images, or of tensors. Amounts and chances are those of la-ssl/augment; blur of PIL images is PIL's own, which is
faster than torchvision's and what MoCo and SimSiam use.
"""
import argparse
import json
import random
import sys
import time

import numpy as np
import torch
import torchvision
from PIL import Image, ImageFilter
from torchvision import transforms as T


def pictures(count, size, seed=1):
    """Sums of waves, as pictures.mjs: uint8 `[N, S, S, 3]`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    images = np.empty((count, size, size, 3), np.uint8)
    for image in images:
        value = np.full((size, size, 3), rng.uniform(90, 160))
        for _ in range(12):
            turn, frequency = rng.uniform(0, 2 * np.pi), 2 * np.pi * rng.uniform(0.3, 12) / size
            wave = np.sin(frequency * (np.cos(turn) * x + np.sin(turn) * y) + turn)
            value += wave[..., None] * rng.uniform(-30, 30, 3)
        image[:] = value.clip(0, 255)
    return images


class PilBlur:
    def __call__(self, image):
        return image.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2)))


def simclr(size, kind, mean=(0, 0, 0), std=(1, 1, 1)):
    """SimCLR's augmentation: strength 1 with blur above 64 pixels, else ½ without."""
    strength, blurred = (1, True) if size > 64 else (0.5, False)
    amounts = 0.8 * strength, 0.8 * strength, 0.8 * strength, 0.2 * strength
    blur = PilBlur() if kind == "pil" else T.GaussianBlur(2 * (size // 10 // 2) + 1, (0.1, 2.0))
    return T.Compose(
        [
            *([T.ConvertImageDtype(torch.float32)] if kind == "float" else []),
            T.RandomResizedCrop(size, scale=(0.08, 1)),
            T.RandomHorizontalFlip(),
            T.RandomApply([T.ColorJitter(*amounts)], 0.8),
            T.RandomGrayscale(0.2),
            *([T.RandomApply([blur], 0.5)] if blurred else []),
            *([T.ToTensor()] if kind == "pil" else []),
            *([T.ConvertImageDtype(torch.float32)] if kind == "uint8" else []),
            T.Normalize(mean, std),
        ]
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=["pil", "uint8", "float"], required=True)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--images", type=int, default=512)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    arrays = pictures(options.images, options.size)
    if options.kind == "pil":
        images = [Image.fromarray(array) for array in arrays]
    else:
        images = list(torch.from_numpy(arrays).permute(0, 3, 1, 2).contiguous())
    view = simclr(options.size, options.kind)
    print(json.dumps({"version": torchvision.__version__, "threads": torch.get_num_threads()}), flush=True)
    for _line in sys.stdin:
        started, cpu = time.perf_counter(), time.process_time()
        views = torch.stack([view(image) for image in images])
        cpu_ms, ms = (time.process_time() - cpu) * 1000, (time.perf_counter() - started) * 1000
        mean, std = views.mean().item(), views.std().item()
        print(json.dumps({"ms": ms, "cpuMs": cpu_ms, "mean": mean, "std": std}), flush=True)


if __name__ == "__main__":
    main()
