"""A small convolutional network on scikit-learn's digits, as an ONNX file and two tables.

    python bench/digits_network.py FOLDER

Trained in NumPy: 3×3 convolution to 8 channels, ReLU, 2×2 maxima, a dense layer of 32 ReLU, and the
logits of the ten digits. ``digits.onnx`` takes images (n, 1, 8, 8); ``train.csv`` and ``test.csv``
hold the rows, pixels from 0 to 1. It prints the accuracy on the test rows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

CHANNELS, HIDDEN, CLASSES = 8, 32, 10
EPOCHS, BATCH, RATE, DECAY = 40, 32, 2e-3, 1e-4

Array = np.ndarray[Any, np.dtype[Any]]
Parameters = dict[str, Array]


def patches(images: Array) -> Array:
    """The 3×3 patches of images, (n, 8, 8) -> (n, 6, 6, 9)."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    return windows.reshape(len(images), 6, 6, 9)


def begin(rng: np.random.Generator) -> Parameters:
    """Parameters to begin with (He et al. 2015)."""

    def draw(units: int, inputs: int) -> Array:
        return rng.normal(size=(units, inputs)) * np.sqrt(2.0 / inputs)

    return {
        "kernels": draw(CHANNELS, 9),
        "offsets": np.zeros(CHANNELS),
        "weight1": draw(HIDDEN, 9 * CHANNELS),
        "bias1": np.zeros(HIDDEN),
        "weight2": draw(CLASSES, HIDDEN),
        "bias2": np.zeros(CLASSES),
    }


def forward(p: Parameters, seen: Array) -> tuple[Array, Array, Array, Array]:
    """(maps after ReLU in 2×2 cells, which of a cell is greatest, dense units, logits)."""
    maps = np.maximum(seen @ p["kernels"].T + p["offsets"], 0.0)
    cells = maps.reshape(-1, 3, 2, 3, 2, CHANNELS).transpose(0, 5, 1, 3, 2, 4)
    cells = cells.reshape(len(maps), 9 * CHANNELS, 4)
    greatest = cells.argmax(axis=2)
    hidden = np.maximum(cells.max(axis=2) @ p["weight1"].T + p["bias1"], 0.0)
    return cells, greatest, hidden, hidden @ p["weight2"].T + p["bias2"]


def slopes(p: Parameters, seen: Array, labels: Array) -> Parameters:
    """The gradient of the mean cross-entropy."""
    cells, greatest, hidden, logits = forward(p, seen)
    n = len(seen)
    error = np.exp(logits - logits.max(axis=1, keepdims=True))
    error /= error.sum(axis=1, keepdims=True)
    error[np.arange(n), labels] -= 1.0
    error /= n
    before = (error @ p["weight2"]) * (hidden > 0)
    pooled = before @ p["weight1"]
    back = np.zeros_like(cells)
    np.put_along_axis(back, greatest[:, :, None], pooled[:, :, None], axis=2)
    back *= cells > 0
    maps = back.reshape(n, CHANNELS, 3, 3, 2, 2).transpose(0, 2, 4, 3, 5, 1)
    maps = maps.reshape(-1, CHANNELS)
    return {
        "kernels": maps.T @ seen.reshape(-1, 9),
        "offsets": maps.sum(axis=0),
        "weight1": before.T @ cells.max(axis=2),
        "bias1": before.sum(axis=0),
        "weight2": error.T @ hidden,
        "bias2": error.sum(axis=0),
    }


def train(images: Array, labels: Array, rng: np.random.Generator) -> Parameters:
    """Minimise the cross-entropy with Adam (Kingma & Ba 2015)."""
    p, seen = begin(rng), patches(images)
    mean = {name: np.zeros_like(value) for name, value in p.items()}
    square = {name: np.zeros_like(value) for name, value in p.items()}
    step = 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(seen))
        for start in range(0, len(order), BATCH):
            rows, step = order[start : start + BATCH], step + 1
            for name, slope in slopes(p, seen[rows], labels[rows]).items():
                slope = slope + DECAY * p[name]
                mean[name] += 0.1 * (slope - mean[name])
                square[name] += 0.001 * (slope**2 - square[name])
                scale = np.sqrt(square[name] / (1.0 - 0.999**step)) + 1e-8
                p[name] = p[name] - RATE * mean[name] / (1.0 - 0.9**step) / scale
    return p


def as_onnx(p: Parameters) -> bytes:
    """The network as an ONNX model."""
    from onnx import TensorProto, helper, numpy_helper

    constants = {name: value.astype(np.float32) for name, value in p.items()}
    constants["kernels"] = constants["kernels"].reshape(CHANNELS, 1, 3, 3)
    nodes = [
        helper.make_node("Conv", ["image", "kernels", "offsets"], ["maps"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["maps"], ["edges"]),
        helper.make_node("MaxPool", ["edges"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight1", "bias1"], ["sums"], transB=1),
        helper.make_node("Relu", ["sums"], ["units"]),
        helper.make_node("Gemm", ["units", "weight2", "bias2"], ["logits"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", CLASSES])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return bytes(model.SerializeToString(deterministic=True))


def main(folder: Path) -> None:
    """Train, judge, and write network and tables."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    X, labels = load_digits(return_X_y=True)
    X = X / 16.0
    parts = train_test_split(X, labels, test_size=0.25, random_state=0, stratify=labels)
    train_X, test_X, train_labels, test_labels = parts
    p = train(train_X.reshape(-1, 8, 8), train_labels, np.random.default_rng(0))
    logits = forward(p, patches(test_X.reshape(-1, 8, 8)))[-1]
    print(
        f"accuracy on {len(test_X)} test rows: {np.mean(logits.argmax(axis=1) == test_labels):.4f}"
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "digits.onnx").write_bytes(as_onnx(p))
    names = ",".join([*(f"p{row}{column}" for row in range(8) for column in range(8)), "digit"])
    for name, rows, told in (("train", train_X, train_labels), ("test", test_X, test_labels)):
        table = np.column_stack([rows, told])
        np.savetxt(folder / f"{name}.csv", table, "%.10g", ",", header=names, comments="")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
