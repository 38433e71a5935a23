#!/usr/bin/env python3
"""Writes a folder of reference rows like testdata, with other numbers, shapes, sizes and settings, computed by PyTorch.

usage: fresh.py FOLDER [SEED]     then: NNGEN_TRUTH=FOLDER go test ./internal/truth

Needs PyTorch (2.15 made the committed rows). No test needs this script.
"""
import json, math, os, random, sys
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def arr(t):
    t = t.detach()
    row = {"shape": list(t.shape), "data": t.reshape(-1).tolist()}
    if t.dtype == torch.int64:
        row["dtype"] = "int"
    return row


def write(folder, name, rows):
    with open(os.path.join(folder, name + ".json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")


def uniform(lo, hi):
    return lambda *s: lo + (hi - lo) * torch.rand(*s)


ANY, POSITIVE, UNIT = uniform(-3, 3), uniform(0.2, 5), uniform(-0.9, 0.9)


def functions():
    setting = lambda lo, hi: round(random.uniform(lo, hi), 3)
    alpha, scale, beta, slope = setting(0.3, 2), setting(0.5, 2), setting(0.3, 3), setting(0.05, 0.4)
    lo, hi = setting(-2, -0.5), setting(0.4, 2)
    plain = lambda f, draw=ANY: (f, draw, {})
    element = {
        "exp": plain(torch.exp), "log": plain(torch.log, POSITIVE), "log1p": plain(torch.log1p, UNIT), "expm1": plain(torch.expm1),
        "sqrt": plain(torch.sqrt, POSITIVE), "rsqrt": plain(torch.rsqrt, POSITIVE), "sin": plain(torch.sin), "cos": plain(torch.cos),
        "tan": plain(torch.tan, UNIT), "asin": plain(torch.asin, UNIT), "acos": plain(torch.acos, UNIT), "atan": plain(torch.atan),
        "sinh": plain(torch.sinh), "cosh": plain(torch.cosh), "tanh": plain(torch.tanh), "atanh": plain(torch.atanh, UNIT),
        "erf": plain(torch.erf), "abs": plain(torch.abs), "sigmoid": plain(torch.sigmoid), "relu": plain(torch.relu),
        "leaky_relu": (lambda x: F.leaky_relu(x, slope), ANY, {"slope": slope}),
        "elu": (lambda x: F.elu(x, alpha), ANY, {"alpha": alpha}),
        "selu": (lambda x: scale * torch.where(x > 0, x, alpha * torch.expm1(x)), ANY, {"alpha": alpha, "scale": scale}),
        # F.celu's backward pass rounds 1/alpha to float32 (PyTorch 2.15): its definition is exact.
        "celu": (lambda x: torch.where(x > 0, x, alpha * torch.expm1(x / alpha)), ANY, {"alpha": alpha}),
        "gelu": plain(F.gelu), "gelu_tanh": plain(lambda x: F.gelu(x, approximate="tanh")), "silu": plain(F.silu), "mish": plain(F.mish),
        "softplus": (lambda x: F.softplus(x, beta), uniform(-30, 30), {"beta": beta}), "softsign": plain(F.softsign),
        "hardtanh": (lambda x: F.hardtanh(x, lo, hi), ANY, {"min": lo, "max": hi}),
        "hardsigmoid": plain(F.hardsigmoid, uniform(-5, 5)), "hardswish": plain(F.hardswish, uniform(-5, 5)),
        "log_sigmoid": plain(F.logsigmoid, uniform(-40, 40)), "relu6": plain(F.relu6, uniform(-2, 9)), "square": plain(torch.square),
        "reciprocal": plain(torch.reciprocal, POSITIVE),
    }
    last = {
        "softmax": lambda x: F.softmax(x, -1), "log_softmax": lambda x: F.log_softmax(x, -1), "logsumexp": lambda x: torch.logsumexp(x, -1),
        "cumsum": lambda x: torch.cumsum(x, -1), "softmax_axis0": lambda x: F.softmax(x, 0), "max": lambda x: x.max(-1).values,
        "mean": lambda x: x.mean(-1), "var": lambda x: x.var(-1, unbiased=False), "prod": lambda x: x.prod(-1), "norm": lambda x: x.norm(dim=-1),
    }
    for name, (f, draw, settings) in element.items():
        yield one(name, f, draw(*random.choice([(5,), (1,), (33,), (2, 3), (3, 1, 4), (2, 2, 2, 3)])), {"settings": settings}, second=name != "hardsigmoid")
    for name, f in last.items():
        shapes = [(3, 5), (7, 1), (1, 9), (20, 33)] if name == "softmax_axis0" else [(3, 5), (2, 3, 4), (1, 9), (20, 33), (6,)]
        yield one(name, f, 4 * ANY(*random.choice(shapes)), {}, second=False)


def one(name, f, x, more, second):
    x.requires_grad_()
    y = f(x)
    w = torch.randn(y.shape)
    g, = torch.autograd.grad((w * y).sum(), x, create_graph=True)
    row = {"function": name, **more, "x": arr(x), "y": arr(y), "weight": arr(w), "grad_x": arr(g)}
    if second:
        h = torch.autograd.grad(g.sum(), x, allow_unused=True)[0] if g.requires_grad else None
        row["grad_of_sum_grad_x"] = arr(torch.zeros(x.shape) if h is None else torch.zeros(x.shape) + h)
    return row


def losses():
    shapes = [(4, 3), (9,), (2, 3, 4), (1, 1), (50, 2)]
    pick = lambda: random.choice(shapes)
    s = lambda lo, hi: round(random.uniform(lo, hi), 3)
    delta, beta, smoothing = s(0.3, 3), s(0.2, 2), s(0.02, 0.5)

    def loss(name, f, x, y, **settings):
        x.requires_grad_()
        v = f(x, y)
        g, = torch.autograd.grad(v, x)
        return {"loss": name, "x": arr(x), "target": arr(y), "value": v.item(), "grad_x": arr(g), **settings}

    for reduce in ("mean", "sum"):
        r = {"reduction": reduce}
        shape = pick()
        x, y = 3 * torch.randn(shape), torch.randn(shape)
        yield loss("mse_" + reduce, lambda x, y: F.mse_loss(x, y, **r), x.clone(), y)
        yield loss("mae_" + reduce, lambda x, y: F.l1_loss(x, y, **r), x.clone(), y)
        yield loss("huber_" + reduce, lambda x, y: F.huber_loss(x, y, delta=delta, **r), x.clone(), y, delta=delta)
        yield loss("smooth_l1_" + reduce, lambda x, y: F.smooth_l1_loss(x, y, beta=beta, **r), x.clone(), y, beta=beta)
        yield loss("bce_with_logits_" + reduce, lambda x, y: F.binary_cross_entropy_with_logits(x, y, **r), x.clone(), torch.rand(shape))
        yield loss("bce_" + reduce, lambda x, y: F.binary_cross_entropy(x, y, **r), torch.rand(shape) * 0.98 + 0.01, torch.randint(0, 2, shape).double())
        yield loss("hinge_" + reduce, lambda x, y: getattr((1 - x * y).clamp(min=0), reduce)(), x.clone(), torch.randint(0, 2, shape).double() * 2 - 1)
        yield loss("log_cosh_" + reduce, lambda x, y: getattr(torch.log(torch.cosh(x - y)), reduce)(), x.clone(), y)
        for log_input in (True, False):
            x0 = x.clone() if log_input else x.abs() + 0.1
            yield loss("poisson_nll_" + reduce, lambda x, y: F.poisson_nll_loss(x, y, log_input=log_input, full=False, **r), x0, y.abs(), log_input=log_input, full=False)
        n, k = random.choice([(3, 4), (1, 2), (17, 9)])
        x, c = 5 * torch.randn(n, k), torch.randint(0, k, (n,))
        p = torch.softmax(torch.randn(n, k), -1)
        yield loss("cross_entropy_" + reduce, lambda x, y: F.cross_entropy(x, y, **r), x.clone(), c)
        yield loss("nll_of_log_softmax_" + reduce, lambda x, y: F.nll_loss(F.log_softmax(x, -1), y, **r), x.clone(), c)
    yield loss("cross_entropy_label_smoothing", lambda x, y: F.cross_entropy(x, y, label_smoothing=smoothing), x.clone(), c, smoothing=smoothing)
    yield loss("cross_entropy_probabilities", F.cross_entropy, x.clone(), p)
    yield loss("kl_div_of_log_softmax_batch_mean", lambda x, y: F.kl_div(F.log_softmax(x, -1), y, reduction="batchmean"), x.clone(), p)


def layers():
    def layer(name, config, module, x):
        if x.is_floating_point():
            x.requires_grad_()
        out = module(x)
        w = torch.randn(out.shape)
        named = dict(module.named_parameters())
        leaves = ([x] if x.is_floating_point() else []) + list(named.values())
        grads = torch.autograd.grad((w * out).sum(), leaves)
        gx, gp = (grads[:1], grads[1:]) if x.is_floating_point() else ((), grads)
        return {"layer": name, "config": config, "inputs": [arr(x)], "params": {k: arr(v) for k, v in named.items()}, "output": arr(out),
                "weight": arr(w), "grad_inputs": [arr(g) for g in gx], "grad_params": dict(zip(named, map(arr, gp)))}

    def randomized(m):
        for p in m.parameters():
            torch.nn.init.normal_(p)
        return m

    for shape, out in [((2, 7), 3), ((1, 1), 1), ((2, 3, 4), 5), ((65, 33), 17)]:
        yield layer("dense", {"in": shape[-1], "out": out}, randomized(torch.nn.Linear(shape[-1], out)), torch.randn(shape))
    for shape in [(4, 5), (2, 3, 4), (33, 20)]:
        eps = random.choice([1e-3, 1e-5, 1e-6])
        yield layer("layer_norm", {"eps": eps}, randomized(torch.nn.LayerNorm(shape[-1], eps)), torch.randn(shape))
        yield layer("rms_norm", {"eps": eps}, randomized(torch.nn.RMSNorm(shape[-1], eps)), torch.randn(shape))
    for shape, vocab, dim in [((4,), 3, 2), ((2, 3), 11, 1), ((40, 9), 5, 33)]:
        yield layer("embedding", {"vocab": vocab, "dim": dim}, randomized(torch.nn.Embedding(vocab, dim)), torch.randint(0, vocab, shape))


def optimizers():
    s = lambda lo, hi: round(random.uniform(lo, hi), 4)
    flip = lambda: random.random() < 0.5
    wd = lambda: random.choice([0, s(0.01, 0.3)])
    betas = lambda: [s(0.5, 0.95), s(0.8, 0.9995)]
    O = torch.optim
    for _ in range(6):
        momentum = s(0.3, 0.95)
        yield optimizer(O.SGD, lr=s(0.01, 0.2), momentum=momentum, dampening=s(0, 0.5), weight_decay=wd(), nesterov=False, maximize=flip())
        yield optimizer(O.SGD, lr=s(0.01, 0.2), momentum=momentum, dampening=0, weight_decay=wd(), nesterov=True, maximize=flip())
        yield optimizer(O.SGD, lr=s(0.01, 0.2), momentum=0, dampening=0, weight_decay=wd(), nesterov=False, maximize=flip())
        yield optimizer(O.Adagrad, lr=s(0.01, 0.2), lr_decay=random.choice([0, 0.02]), eps=1e-9, weight_decay=wd(), initial_accumulator_value=random.choice([0, 0.3]), maximize=flip())
        yield optimizer(O.Adadelta, lr=s(0.3, 2), rho=s(0.7, 0.99), eps=1e-5, weight_decay=wd(), maximize=flip())
        yield optimizer(O.RMSprop, lr=s(0.001, 0.05), momentum=random.choice([0, s(0.3, 0.9)]), alpha=s(0.8, 0.99), eps=1e-7, centered=flip(), weight_decay=wd(), maximize=flip())
        yield optimizer(O.Adam, lr=s(0.001, 0.05), betas=betas(), eps=1e-6, weight_decay=wd(), amsgrad=flip(), maximize=flip())
        yield optimizer(O.AdamW, lr=s(0.001, 0.05), betas=betas(), eps=1e-6, weight_decay=wd(), amsgrad=flip(), maximize=flip())
        yield optimizer(O.Adamax, lr=s(0.001, 0.05), betas=betas(), eps=1e-6, weight_decay=wd(), maximize=flip())
        yield optimizer(O.NAdam, lr=s(0.001, 0.05), betas=betas(), eps=1e-6, weight_decay=wd(), momentum_decay=s(0.001, 0.02), maximize=flip(), **({"decoupled_weight_decay": True} if flip() else {}))
        yield optimizer(O.RAdam, lr=s(0.001, 0.05), betas=[s(0.5, 0.95), s(0.9, 0.9995)], eps=1e-6, weight_decay=wd(), maximize=flip(), **({"decoupled_weight_decay": True} if flip() else {}))


def optimizer(cls, **hyper):
    n, steps = random.choice([1, 5, 40]), random.choice([20, 60])
    p = torch.randn(n)
    p0 = p.tolist()
    p.requires_grad_()
    opt = cls([p], **{k: tuple(v) if k == "betas" else v for k, v in hyper.items()})
    grads, after = [], {}
    for t in range(1, steps + 1):
        g = torch.randn(n) * random.choice([0.1, 1, 3])
        grads.append(g.tolist())
        p.grad = g.clone()
        opt.step()
        if t in (1, 2, 3, 7, 20, 60):
            after[str(t)] = p.tolist()
    return {"optimizer": cls.__name__.lower(), "class": cls.__name__, "hyper": hyper, "p0": p0, "grads": grads, "params_after_step": after}


def curves():
    acts = {"tanh": torch.tanh, "relu": torch.relu, "gelu": F.gelu, "sigmoid": torch.sigmoid, "silu": F.silu, "softplus": F.softplus}
    O = torch.optim
    runs = [
        ([3, 9, 7, 2], "silu", 10, "mse", O.Adam, dict(lr=0.02, betas=[0.8, 0.99], eps=1e-7, weight_decay=0.01, amsgrad=True, maximize=False), None),
        ([20, 33, 5], "relu", 33, "cross_entropy", O.SGD, dict(lr=0.2, momentum=0.8, dampening=0, weight_decay=0.001, nesterov=True, maximize=False), 0.3),
        ([8, 4], "tanh", 1, "cross_entropy", O.RMSprop, dict(lr=0.01, momentum=0.5, alpha=0.9, eps=1e-8, centered=True, weight_decay=0, maximize=False), None),
        ([5, 16, 16, 16, 1], "softplus", 64, "mse", O.AdamW, dict(lr=0.01, betas=[0.9, 0.99], eps=1e-8, weight_decay=0.1, amsgrad=False, maximize=False), 0.05),
        ([300, 70, 11], "gelu", 700, "cross_entropy", O.NAdam, dict(lr=0.002, betas=[0.9, 0.999], eps=1e-8, weight_decay=0, momentum_decay=0.004, maximize=False), None),
    ]
    for sizes, act, rows, loss, cls, hyper, clip in runs:
        params = []
        for k, (i, o) in enumerate(zip(sizes, sizes[1:])):
            params.append({"name": f"{2*k}.weight", "shape": [o, i], "base": 0.0, "scale": 1 / math.sqrt(i)})
            params.append({"name": f"{2*k}.bias", "shape": [o], "base": 0.0, "scale": 0.05})
        ps = []
        for k, p in enumerate(params):
            n = math.prod(p["shape"])
            i = torch.arange(n, dtype=torch.float64)
            ps.append((p["base"] + p["scale"] * torch.sin(0.7 * i + 1.3 * k + 0.1)).reshape(p["shape"]).requires_grad_())
        x = torch.sin(0.9 * torch.arange(rows * sizes[0], dtype=torch.float64) + 0.5).reshape(rows, sizes[0])
        if loss == "mse":
            y = torch.cos(0.4 * torch.arange(rows * sizes[-1], dtype=torch.float64)).reshape(rows, sizes[-1])
            target = "element i: cos(0.4*i)"
        else:
            y = (7 * torch.arange(rows) + 3) % sizes[-1]
            target = f"label i: (7*i + 3) mod {sizes[-1]}"
        opt = cls(ps, **{k: tuple(v) if k == "betas" else v for k, v in hyper.items()})
        history = []
        for _ in range(20):
            h = x
            for k in range(0, len(ps), 2):
                h = F.linear(h, ps[k], ps[k + 1])
                if k < len(ps) - 2:
                    h = acts[act](h)
            l = F.mse_loss(h, y) if loss == "mse" else F.cross_entropy(h, y)
            opt.zero_grad()
            l.backward()
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(ps, clip)
            history.append(l.item())
            opt.step()
        yield {"workload": f"fresh_{act}_{cls.__name__.lower()}", "model": {"kind": "mlp", "sizes": sizes, "activation": act},
               "loss": loss + ", mean over all elements or positions", "optimizer": cls.__name__, "hyper": hyper, "clip_global_norm": clip,
               "init": "element i of parameter k: base + scale * sin(0.7*i + 1.3*k + 0.1)", "params": params,
               "input": "element i: sin(0.9*i + 0.5)", "input_shape": list(x.shape), "target": target, "target_shape": list(y.shape), "losses": history,
               "after": [{"sum": p.sum().item(), "sum_of_squares": (p * p).sum().item()} for p in ps]}


def main():
    folder, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    random.seed(seed)
    torch.manual_seed(seed)
    os.makedirs(folder, exist_ok=True)
    for name, rows in [("functions", functions), ("losses", losses), ("layers", layers), ("optimizers", optimizers), ("curves", curves)]:
        write(folder, name, list(rows()))


main()
