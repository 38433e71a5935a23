"""Makes the files of this folder with NumPy, so that the readers are held against something that we did not write.

    python make.py FOLDER    # the folder that has t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz of MNIST, and iris.csv
"""
import gzip
import json
import sys
import zlib

import numpy as np

folder = sys.argv[1]

# Every element type, byte order and order of axes that NPY has and we read; "want" is what the others hold, as float64.
want = np.array([[[0, 1, 1], [1, 0, 0]], [[1, 0, 1], [0, 0, 1]]], dtype="f8")
arrays = {"want": want, "b1": want.astype("?"), "empty": np.zeros((3, 0, 2), "<f4"), "scalar": np.array(-2.5), "vector": np.arange(5, dtype="<i4")}
for kind in "iuf":
    for size in (2, 4, 8) if kind == "f" else (1, 2, 4, 8):
        for order in "<>":
            a = (-want if kind == "i" else want).astype(f"{order}{kind}{size}")  # the files keep the order of the bytes
            arrays[f"{kind}{size}{'le' if order == '<' else 'be'}"] = a
            arrays[f"{kind}{size}{'le' if order == '<' else 'be'}_fortran"] = np.asfortranarray(a)
for bits in (8, 16, 32, 64):
    for kind in ("int", "uint"):
        info = np.iinfo(f"{kind}{bits}")
        arrays[f"{kind}{bits}_limits"] = np.array([info.min, info.max], f"{kind}{bits}")
arrays["f8_limits"] = np.array([np.pi, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1.7976931348623157e308])
arrays["complex"] = np.zeros(2, "c8")
arrays["text"] = np.array(["a"])
arrays["structured"] = np.zeros(2, [("a", "f4"), ("b", "i4")])
np.savez("arrays.npz", **arrays)
np.savez_compressed("packed.npz", x=np.arange(20000, dtype="f4") % 7, y=np.arange(3))

matrix = np.arange(6, dtype="<f4").reshape(2, 3) - 2.5
for version in (1, 2, 3):
    with open(f"v{version}.npy", "wb") as f:
        np.lib.format.write_array(f, matrix, version=(version, 0))
np.save("long.npy", np.arange(-2, 3, dtype="<i8"))

# The first ten images of MNIST's test set, and their labels.
for name, keep in (("images-idx3", 10 * 784), ("labels-idx1", 10)):
    with gzip.open(f"{folder}/t10k-{name}-ubyte.gz") as f:
        raw = f.read()
    head = 16 if keep > 10 else 8
    raw = raw[:4] + (10).to_bytes(4, "big") + raw[8:head] + raw[head:head + keep]
    with open(f"ten-{name}-ubyte.gz", "wb") as f:
        f.write(gzip.compress(raw, 9, mtime=0))
    if keep > 10:
        pixels = np.frombuffer(raw[head:], "u1").reshape(10, 784).astype("f8")

iris = np.loadtxt(f"{folder}/iris.csv", delimiter=",", skiprows=1, usecols=range(4))
halves = np.arange(65536, dtype="u2").view("f2")
halves = halves[~np.isnan(halves)]
with open("truth.json", "w") as f:
    json.dump({
        "iris": {"mean": list(iris.mean(0)), "deviation": list(iris.std(0)), "least": list(iris.min(0)), "largest": list(iris.max(0))},
        "images": {"sum": list(pixels.sum(1))},
        # CRC-32 (IEEE) of the float32 values, little-endian, of all float16 numbers in the order of their bits, without the NaNs
        "halves": zlib.crc32(halves.astype("<f4").tobytes()),
    }, f, indent=1)
    f.write("\n")
