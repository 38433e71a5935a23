# The net of examples/digits in PyTorch: python digits.py PATH/TO/digits.csv
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

table = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1, dtype=np.float32)
x, y = torch.from_numpy(table[:, :64] / 16), torch.from_numpy(table[:, 64].astype(np.int64))
unseen = torch.arange(len(y)) % 5 == 4

torch.manual_seed(1)
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
loader = DataLoader(TensorDataset(x[~unseen], y[~unseen]), batch_size=32, shuffle=True)
for epoch in range(25):
    for xs, ys in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xs), ys)
        loss.backward()
        optimizer.step()

with torch.no_grad():
    accuracy = (model(x[unseen]).argmax(1) == y[unseen]).float().mean().item()
print(f"accuracy on unseen images: {accuracy:.3f}")
