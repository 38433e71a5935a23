"""Writes plateau.json: what torch.optim.lr_scheduler.ReduceLROnPlateau does with made-up measurements.

Run with PyTorch: python plateau.py > plateau.json
"""

import json
import random
import warnings

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

warnings.simplefilter("ignore")
random.seed(1)
cases = []
for i in range(32):
    options = dict(
        mode=random.choice(["min", "max"]),
        factor=random.choice([0.1, 0.5, 0.9]),
        patience=random.choice([0, 1, 2, 5]),
        threshold=random.choice([0.0, 1e-4, 0.05]),
        threshold_mode=random.choice(["rel", "abs"]),
        cooldown=random.choice([0, 0, 1, 3]),
        min_lr=random.choice([0.0, 1e-3, 0.02]),
        eps=random.choice([0.0, 1e-8, 1e-2]),
    )
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=random.choice([1.0, 0.1]))
    first = optimizer.param_groups[0]["lr"]
    scheduler = ReduceLROnPlateau(optimizer, **options)
    value = random.choice([1.0, -1.0, 100.0])  # best values below zero turn a relative threshold around
    values, rates = [], []
    for _ in range(60):
        value += random.choice([0, 0, 0.1, -0.1, 0.01, -0.01]) * random.random()
        measured = float("nan") if random.random() < 0.02 else value
        scheduler.step(measured)
        values.append(None if measured != measured else measured)
        rates.append(optimizer.param_groups[0]["lr"])
    cases.append(dict(options=options, first=first, values=values, rates=rates))
print('{"torch": "%s", "cases": [' % torch.__version__.split("+")[0])
print(",\n".join(json.dumps(c) for c in cases))
print("]}")
