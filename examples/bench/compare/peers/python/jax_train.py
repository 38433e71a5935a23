#!/usr/bin/env python3
"""JAX's training steps on the CPU: forward, loss, backward, optimizer, as one jitted function with donated parameters and state.

usage: jax_train.py [--threads N] [--scan K]     answers lines "NAME SECONDS", see serve.py
--scan K puts K steps into one jitted call (a fori_loop), xor and iris only: the way to amortise the cost of a dispatch on tiny
models. --threads 1 pins the process to core 0 and turns XLA's threading off; N > 1 pins it to cores 0 to N-1. A repetition calls
the step n times and waits for the device once, at its end. Every workload draws its data once from a fixed seed and steps on the
same batch. Needs jax and optax.
"""
import argparse, math, os, shutil, sys

def args():
    ap = argparse.ArgumentParser()
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--scan", type=int, default=0, metavar="K")
    ap.add_argument("--layout", choices=["nchw", "nhwc"], default="nhwc", help="of the convnet")
    ap.add_argument("--pool", choices=["reshape", "window"], default="reshape", help="how the convnet pools")
    ap.add_argument("--unroll", type=int, default=1, help="of the LSTM's lax.scan")
    return ap.parse_args()

def pin(n):
    """XLA reads its flags and counts its cores as it starts, so the script starts itself again under taskset."""
    if os.environ.get("JAX_TRAIN_PINNED") == str(n): return
    os.environ["JAX_TRAIN_PINNED"] = os.environ["NPROC"] = os.environ["OMP_NUM_THREADS"] = str(n)
    os.environ["JAX_PLATFORMS"] = "cpu"
    one = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    flags = [os.environ.get("XLA_FLAGS", ""), one if n == 1 else ""]
    os.environ["XLA_FLAGS"] = " ".join(f for f in flags if f)
    cores = "0" if n == 1 else "0-%d" % (n - 1)
    cmd = [sys.executable, os.path.abspath(__file__)] + sys.argv[1:]
    if shutil.which("taskset"): cmd = ["taskset", "-c", cores] + cmd
    os.execvp(cmd[0], cmd)

if __name__ == "__main__":
    A = args(); pin(A.threads)

from functools import partial
import numpy as np
import jax, jax.numpy as jnp, optax
from jax import lax
from serve import serve

# Initial values: those of the same PyTorch layers, drawn by numpy.

def uni(g, bound, *s): return g.uniform(-bound, bound, s).astype(np.float32)
def lin(g, a, b, bias=True):
    p = {"w": uni(g, 1/math.sqrt(a), a, b)}
    if bias: p["b"] = uni(g, 1/math.sqrt(a), b)
    return p
def emb(g, n, d): return g.standard_normal((n, d)).astype(np.float32)
def norm(d): return {"g": np.ones(d, np.float32), "b": np.zeros(d, np.float32)}

def dense(p, x):
    y = x.reshape(-1, x.shape[-1]) @ p["w"]  # one flat product: the gradient of a 3-d one is up to 1.8 times slower on the CPU
    if "b" in p: y = y + p["b"]
    return y.reshape(*x.shape[:-1], -1)
def layernorm(p, x):
    m = x.mean(-1, keepdims=True); c = x - m
    return c * lax.rsqrt((c*c).mean(-1, keepdims=True) + 1e-5) * p["g"] + p["b"]
def gelu(x): return 0.5 * x * (1 + lax.erf(x * np.float32(math.sqrt(0.5))))  # exact; jax.nn.gelu goes by erfc, which is slower here

def mlp(sizes, act):
    def init(g): return [lin(g, a, b) for a, b in zip(sizes, sizes[1:])]
    def apply(ps, x):
        for p in ps[:-1]: x = act(dense(p, x))
        return dense(ps[-1], x)
    return init, apply

def lstm(vocab=64, d=64, h=128, unroll=1):
    def init(g):
        k = 1/math.sqrt(h)
        return {"e": emb(g, vocab, d), "wi": uni(g, k, d, 4*h), "wh": uni(g, k, h, 4*h), "bi": uni(g, k, 4*h), "bh": uni(g, k, 4*h), "o": lin(g, h, vocab)}
    def apply(p, x):
        z = dense({"w": p["wi"], "b": p["bi"] + p["bh"]}, p["e"][x.T])  # time first; every step's input product at once
        def cell(s, zt):
            hh, c = s
            i, f, u, o = jnp.split(zt + hh @ p["wh"], 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(u)
            hh = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (hh, c), hh
        s0 = jnp.zeros((x.shape[0], h), jnp.float32)
        _, ys = lax.scan(cell, (s0, s0), z, unroll=unroll)
        return dense(p["o"], ys).swapaxes(0, 1)
    return init, apply

def gpt(vocab, d, h, layers, t):
    def block(g): return {"ln1": norm(d), "ln2": norm(d), "qkv": lin(g, d, 3*d), "proj": lin(g, d, d), "fc": lin(g, d, 4*d), "out": lin(g, 4*d, d)}
    def init(g): return {"te": emb(g, vocab, d), "pe": emb(g, t, d), "b": [block(g) for _ in range(layers)], "ln": norm(d), "head": lin(g, d, vocab, bias=False)}
    def attend(p, x):
        B, T, C = x.shape
        q, k, v = (z.reshape(B, T, h, C//h).transpose(0, 2, 1, 3) for z in jnp.split(dense(p["qkv"], x), 3, axis=-1))
        a = (q @ k.swapaxes(-1, -2)) / math.sqrt(C//h)
        a = jax.nn.softmax(jnp.where(jnp.tril(jnp.ones((T, T), bool)), a, -jnp.inf), axis=-1)
        return dense(p["proj"], (a @ v).transpose(0, 2, 1, 3).reshape(B, T, C))
    def apply(p, x):
        y = p["te"][x] + p["pe"]
        for b in p["b"]:
            y = y + attend(b, layernorm(b["ln1"], y))
            y = y + dense(b["out"], gelu(dense(b["fc"], layernorm(b["ln2"], y))))
        return dense(p["head"], layernorm(p["ln"], y))
    return init, apply

def cnn(layout, pool):
    last = layout == "nhwc"
    dims = ("NHWC", "HWIO", "NHWC") if last else ("NCHW", "OIHW", "NCHW")
    def conv_init(g, i, o, k):
        b = 1/math.sqrt(i*k*k)
        return {"w": uni(g, b, *((k, k, i, o) if last else (o, i, k, k))), "b": uni(g, b, o)}
    def init(g): return {"c1": conv_init(g, 1, 16, 5), "c2": conv_init(g, 16, 32, 5), "f1": lin(g, 32*7*7, 128), "f2": lin(g, 128, 10)}
    def conv(p, x):
        return lax.conv_general_dilated(x, p["w"], (1, 1), "SAME", dimension_numbers=dims) + (p["b"] if last else p["b"][:, None, None])
    def maxpool(x):
        if pool == "window":
            w = (1, 2, 2, 1) if last else (1, 1, 2, 2)
            return lax.reduce_window(x, -jnp.inf, lax.max, w, w, "VALID")
        if last:
            B, H, W, C = x.shape
            return x.reshape(B, H//2, 2, W//2, 2, C).max((2, 4))
        B, C, H, W = x.shape
        return x.reshape(B, C, H//2, 2, W//2, 2).max((3, 5))
    def apply(p, x):
        x = x.reshape(-1, 28, 28, 1) if last else x  # one channel: the same bytes in both layouts
        x = maxpool(jax.nn.relu(conv(p["c1"], x))); x = maxpool(jax.nn.relu(conv(p["c2"], x)))
        return dense(p["f2"], jax.nn.relu(dense(p["f1"], x.reshape(x.shape[0], -1))))
    return init, apply

def ce(out, y): return optax.softmax_cross_entropy_with_integer_labels(out, y).mean()
def mse(out, y): return ((out - y)**2).mean()

def cases(a):
    g = np.random.default_rng(1)
    r = lambda *s: g.standard_normal(s).astype(np.float32)
    ri = lambda n, *s: g.integers(0, n, s).astype(np.int32)
    sgd, adam = optax.sgd, optax.adam
    adamw = partial(optax.adamw, weight_decay=1e-2)  # PyTorch's default; optax's own is 1e-4
    yield "xor_2_8_1_b4_sgd", lambda: (mlp([2, 8, 1], jnp.tanh), mse, r(4, 2), r(4, 1), sgd(0.1))
    yield "iris_4_16_3_b16_adam", lambda: (mlp([4, 16, 3], jnp.tanh), ce, r(16, 4), ri(3, 16), adam(1e-3))
    yield "mnist_784_128_10_b64_sgd", lambda: (mlp([784, 128, 10], jax.nn.relu), ce, r(64, 784), ri(10, 64), sgd(0.01))
    yield "mnist_784_512_512_10_b128_adam", lambda: (mlp([784, 512, 512, 10], jax.nn.relu), ce, r(128, 784), ri(10, 128), adam(1e-3))
    yield "mlp_gelu_256x4_b32_adamw", lambda: (mlp([64, 256, 256, 256, 8], gelu), mse, r(32, 64), r(32, 8), adamw(1e-3))
    yield "cnn_lenet_28_b32_adam", lambda: (cnn(a.layout, a.pool), ce, r(32, 1, 28, 28), ri(10, 32), adam(1e-3))
    yield "lstm_v64_h128_t32_b16_adam", lambda: (lstm(unroll=a.unroll), ce, ri(64, 16, 32), ri(64, 16, 32), adam(1e-3))
    yield "gpt_v65_d64_h4_l2_t64_b8_adamw", lambda: (gpt(65, 64, 4, 2, 64), ce, ri(65, 8, 64), ri(65, 8, 64), adamw(1e-3))
    yield "gpt_v65_d256_h8_l4_t128_b8_adamw", lambda: (gpt(65, 256, 8, 4, 128), ce, ri(65, 8, 128), ri(65, 8, 128), adamw(1e-3))

def make_step(apply, lossf, opt, k=0):
    def one(params, state, x, y):
        l, grads = jax.value_and_grad(lambda p: lossf(apply(p, x), y))(params)
        upd, state = opt.update(grads, state, params)
        return optax.apply_updates(params, upd), state, l
    def many(params, state, x, y):
        return lax.fori_loop(0, k, lambda _, c: one(c[0], c[1], x, y), (params, state, jnp.float32(0)))
    return jax.jit(many if k else one, donate_argnums=(0, 1))

def main(a):
    known = {name: make for name, make in cases(a) if not a.scan or name.startswith(("xor", "iris"))}
    made = {}
    def start(name):
        if name not in made:
            (init, apply), lossf, x, y, opt = known[name]()
            made[name] = init, opt, jax.device_put((x, y)), make_step(apply, lossf, opt, a.scan)
        init, opt, (x, y), step = made[name]
        p = jax.device_put(init(np.random.default_rng(0))); s = jax.device_put(opt.init(p))
        jax.block_until_ready((x, y, p, s))
        def repeat(n):
            nonlocal p, s
            for _ in range(n): p, s, l = step(p, s, x, y)
            jax.block_until_ready((p, s, l))
            return float(l)
        return repeat, a.scan or 1
    serve("jax-" + jax.__version__ + ("-scan" if a.scan else ""), a.threads, list(known), start)

if __name__ == "__main__": main(A)
