"""PyTorch's side of works/simclr.mjs: the same training step as simclr-step.mjs, driven by the same lines.

Eager PyTorch, as commonly run (contiguous, float32, gradients set to zero) or at its best (channels-last, autocast where
asked for, gradients set to None). It starts from the weights and images that simclr-step.mjs exports.
"""
import torch

from serve_steps import serve_steps, step_options, step_parser
from simclr_model import Contrast, SimCLR, load

parser = step_parser()
parser.add_argument("--layout", choices=["contiguous", "channels-last"], default="channels-last")
parser.add_argument("--width", type=int, default=16)
options = step_options(parser)

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


serve_steps(step, options.warmup)
