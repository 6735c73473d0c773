"""PyTorch's side of works/vit.mjs: the same step of MAE or DINO as vit-step.mjs, from its weights, driven by the same lines.

Plain eager PyTorch, float32 as commonly run, or all under autocast to bfloat16, with AdamW over all parameters at once.
"""
import copy

import torch
from torch import nn
from torch.nn import functional as F

from serve_steps import serve_steps, step_options, step_parser
from simclr_model import autocast_of, load


def attend(query, key, value):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(query, key, value)
    return torch.softmax(query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5, -1) @ value


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        n, length, width = x.shape
        query, key, value = self.qkv(x).view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return self.proj(attend(query, key, value).transpose(1, 2).reshape(n, length, width))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width, 1e-6)
        self.attn, self.mlp = Attention(width, heads), Mlp(width)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Encoder(nn.Module):
    """ViT-Tiny/4 for images of 32 pixels: 64 patches."""

    def __init__(self, depth, fixed_positions):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 192))
        self.pos_embed = nn.Parameter(torch.zeros(1, 65, 192), requires_grad=not fixed_positions)
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, 192, 4, 4)})
        self.blocks = nn.Sequential(*(Block(192, 3) for _ in range(depth)))
        self.norm = nn.LayerNorm(192, 1e-6)

    def forward(self, images, kept=None):
        x = self.patch_embed["proj"](images).flatten(2).transpose(1, 2) + self.pos_embed[:, 1:]
        if kept is not None:
            x = take(x, kept)
        first = (self.cls_token + self.pos_embed[:, :1]).expand(len(x), -1, -1)
        return self.norm(self.blocks(torch.cat([first, x], 1)))


def take(tokens, places):
    return tokens.gather(1, places[..., None].expand(-1, -1, tokens.shape[2]))


class Decoder(nn.Module):
    def __init__(self, width=128, depth=4):
        super().__init__()
        self.embed, self.pred = nn.Linear(192, width), nn.Linear(width, 48)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 65, width), requires_grad=False)
        self.blocks = nn.Sequential(*(Block(width, width // 32) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, 1e-6)

    def forward(self, encoded, order):
        visible = encoded.shape[1]
        places = torch.cat([torch.zeros_like(order[:, :1]), order + 1], 1)
        hidden = self.mask_token.expand(len(order), places.shape[1] - visible, -1)
        x = torch.cat([self.embed(encoded), hidden], 1) + self.pos_embed[0][places]
        return self.pred(self.norm(self.blocks(x)[:, visible:]))


class MAE(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.encoder, self.decoder = Encoder(depth, True), Decoder()

    def loss(self, views, order, autocast):
        (images,) = views
        torch.rand(order.shape).argsort(1)  # the mask that a step draws; the one that is used is that of our side
        visible = order.shape[1] // 4
        with autocast():
            predicted = self.decoder(self.encoder(images, order[:, :visible]), order)
        n = len(images)
        patches = images.view(n, 3, 8, 4, 8, 4).permute(0, 2, 4, 3, 5, 1).reshape(n, 64, 48)
        target = take(patches, order[:, visible:])
        variance, mean = torch.var_mean(target, 2, keepdim=True)
        return (predicted.float() - (target - mean) / (variance + 1e-6).sqrt()).square().mean()

    def after(self):
        pass


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.Linear(192, 2048), nn.BatchNorm1d(2048), nn.GELU()]
        layers += [nn.Linear(2048, 2048), nn.BatchNorm1d(2048), nn.GELU(), nn.Linear(2048, 256)]
        self.mlp = nn.Sequential(*layers)
        self.last_layer = nn.ParameterDict({"weight_v": nn.Parameter(torch.zeros(2048, 256))})

    def forward(self, x):
        return F.linear(F.normalize(self.mlp(x)), F.normalize(self.last_layer["weight_v"]))


class DINO(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.encoder, self.head = Encoder(depth, False), Head()
        self.momentum_encoder = copy.deepcopy(self.encoder).requires_grad_(False)
        self.momentum_head = copy.deepcopy(self.head).requires_grad_(False)
        self.register_buffer("center", torch.zeros(2048))

    def loss(self, views, _order, autocast):
        images = torch.cat(views)
        with autocast():
            student = self.head(self.encoder(images)[:, 0]).float()
            with torch.no_grad():
                teacher = self.momentum_head(self.momentum_encoder(images)[:, 0]).float()
        self.mean = teacher.mean(0)
        wanted = torch.softmax((teacher - self.center) / 0.04, 1).chunk(2)
        log = torch.log_softmax(student / 0.1, 1).chunk(2)
        return -sum((wanted[a] * log[1 - a]).sum(1).mean() for a in range(2)) / 2

    @torch.no_grad()
    def after(self):
        for leader, follower in [(self.encoder, self.momentum_encoder), (self.head, self.momentum_head)]:
            own = list(follower.parameters())
            torch._foreach_mul_(own, 0.99)
            torch._foreach_add_(own, list(leader.parameters()), alpha=0.01)
        self.center.mul_(0.9).add_(self.mean, alpha=0.1)


parser = step_parser()
parser.add_argument("--method", choices=["mae", "dino"], default="mae")
parser.add_argument("--depth", type=int, default=12)
options = step_options(parser)

state = load(options.load)
order = state.pop("order")
views = [state.pop(name) for name in ("view0", "view1") if name in state]
model = {"mae": MAE, "dino": DINO}[options.method](options.depth)
model.load_state_dict(state)
trained = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=2e-4, betas=(0.9, 0.95), weight_decay=0.05, foreach=True)
autocast = autocast_of(options.precision)


def step():
    loss = model.loss(views, order, autocast)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    model.after()
    return loss.item()


serve_steps(step, options.warmup)
