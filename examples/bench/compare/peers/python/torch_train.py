#!/usr/bin/env python3
"""PyTorch's training steps on the CPU: forward, loss, backward, optimizer.

usage: torch_train.py [--threads N] [--fast] [--compile]     answers lines "NAME SECONDS", see serve.py
--fast uses PyTorch 2's own fast paths (fused optimizers, scaled_dot_product_attention); --compile adds torch.compile of the
model and loss, which needs a C++ compiler. Every workload draws its data once from a fixed seed and steps on the same batch.
"""
import argparse, copy, functools, math
import torch
import torch.nn as nn
import torch.nn.functional as F
from serve import serve

FAST = False

def mlp(sizes, act):
    ls = []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        ls.append(nn.Linear(a, b))
        if i < len(sizes) - 2:
            ls.append(act())
    return nn.Sequential(*ls)

class LSTMChar(nn.Module):
    def __init__(s, vocab=64, d=64, h=128):
        super().__init__()
        s.e = nn.Embedding(vocab, d); s.l = nn.LSTM(d, h, batch_first=True); s.o = nn.Linear(h, vocab)
    def forward(s, x):
        y, _ = s.l(s.e(x)); return s.o(y)

class Block(nn.Module):
    def __init__(s, d, h, t):
        super().__init__()
        s.h = h; s.ln1 = nn.LayerNorm(d); s.ln2 = nn.LayerNorm(d)
        s.qkv = nn.Linear(d, 3*d); s.proj = nn.Linear(d, d)
        s.fc = nn.Linear(d, 4*d); s.out = nn.Linear(4*d, d)
        s.register_buffer("m", torch.tril(torch.ones(t, t)).view(1, 1, t, t))
    def forward(s, x):
        B, T, C = x.shape
        q, k, v = s.qkv(s.ln1(x)).split(C, 2)
        q, k, v = (z.view(B, T, s.h, C//s.h).transpose(1, 2) for z in (q, k, v))
        if FAST:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            a = (q @ k.transpose(-2, -1)) / math.sqrt(C//s.h)
            y = a.masked_fill(s.m[:, :, :T, :T] == 0, float("-inf")).softmax(-1) @ v
        y = y.transpose(1, 2).reshape(B, T, C)
        x = x + s.proj(y)
        return x + s.out(F.gelu(s.fc(s.ln2(x))))

class GPT(nn.Module):
    def __init__(s, vocab, d, h, layers, t):
        super().__init__()
        s.te = nn.Embedding(vocab, d); s.pe = nn.Embedding(t, d)
        s.b = nn.Sequential(*[Block(d, h, t) for _ in range(layers)])
        s.ln = nn.LayerNorm(d); s.head = nn.Linear(d, vocab, bias=False)
        s.register_buffer("pos", torch.arange(t))
    def forward(s, x):
        return s.head(s.ln(s.b(s.te(x) + s.pe(s.pos))))

class CNN(nn.Module):
    def __init__(s):
        super().__init__()
        s.c1 = nn.Conv2d(1, 16, 5, padding=2); s.c2 = nn.Conv2d(16, 32, 5, padding=2); s.f1 = nn.Linear(32*7*7, 128); s.f2 = nn.Linear(128, 10)
    def forward(s, x):
        x = F.max_pool2d(F.relu(s.c1(x)), 2); x = F.max_pool2d(F.relu(s.c2(x)), 2)
        return s.f2(F.relu(s.f1(x.flatten(1))))

def ce(out, y): return F.cross_entropy(out.reshape(-1, out.shape[-1]), y.reshape(-1))
def mse(out, y): return F.mse_loss(out, y)

def cases():
    g = torch.Generator().manual_seed(1)
    r = lambda *s: torch.randn(*s, generator=g)
    ri = lambda n, *s: torch.randint(0, n, s, generator=g)
    yield "xor_2_8_1_b4_sgd", lambda: (mlp([2, 8, 1], nn.Tanh), mse, r(4, 2), r(4, 1), lambda p: torch.optim.SGD(p, 0.1))
    yield "iris_4_16_3_b16_adam", lambda: (mlp([4, 16, 3], nn.Tanh), ce, r(16, 4), ri(3, 16), lambda p: torch.optim.Adam(p, 1e-3))
    yield "mnist_784_128_10_b64_sgd", lambda: (mlp([784, 128, 10], nn.ReLU), ce, r(64, 784), ri(10, 64), lambda p: torch.optim.SGD(p, 0.01))
    yield "mnist_784_512_512_10_b128_adam", lambda: (mlp([784, 512, 512, 10], nn.ReLU), ce, r(128, 784), ri(10, 128), lambda p: torch.optim.Adam(p, 1e-3))
    yield "mlp_gelu_256x4_b32_adamw", lambda: (mlp([64, 256, 256, 256, 8], nn.GELU), mse, r(32, 64), r(32, 8), lambda p: torch.optim.AdamW(p, 1e-3))
    yield "cnn_lenet_28_b32_adam", lambda: (CNN(), ce, r(32, 1, 28, 28), ri(10, 32), lambda p: torch.optim.Adam(p, 1e-3))
    yield "lstm_v64_h128_t32_b16_adam", lambda: (LSTMChar(), ce, ri(64, 16, 32), ri(64, 16, 32), lambda p: torch.optim.Adam(p, 1e-3))
    yield "gpt_v65_d64_h4_l2_t64_b8_adamw", lambda: (GPT(65, 64, 4, 2, 64), ce, ri(65, 8, 64), ri(65, 8, 64), lambda p: torch.optim.AdamW(p, 1e-3))
    yield "gpt_v65_d256_h8_l4_t128_b8_adamw", lambda: (GPT(65, 256, 8, 4, 128), ce, ri(65, 8, 128), ri(65, 8, 128), lambda p: torch.optim.AdamW(p, 1e-3))

def main():
    ap = argparse.ArgumentParser(); ap.add_argument("--threads", type=int, default=1); ap.add_argument("--fast", action="store_true"); ap.add_argument("--compile", action="store_true")
    a = ap.parse_args(); torch.set_num_threads(a.threads)
    global FAST; FAST = a.fast or a.compile
    if FAST:
        for n in ("SGD", "Adam", "AdamW"):
            setattr(torch.optim, n, functools.partial(getattr(torch.optim, n), fused=True))
    known, made = dict(cases()), {}
    def start(name):
        if name not in made:
            torch.manual_seed(0)
            model, lossf, x, y, mk = known[name]()
            fwd = lambda x, y: lossf(model(x), y)
            made[name] = model, copy.deepcopy(model.state_dict()), torch.compile(fwd) if a.compile else fwd, x, y, mk
        model, initial, fwd, x, y, mk = made[name]
        model.load_state_dict(initial); opt = mk(model.parameters())
        def repeat(n):
            for _ in range(n):
                opt.zero_grad(set_to_none=True); l = fwd(x, y); l.backward(); opt.step()
            return float(l.detach())
        return repeat, 1
    serve("pytorch-" + torch.__version__.split("+")[0] + ("-compile" if a.compile else "-fast" if a.fast else ""), a.threads, list(known), start)
main()
