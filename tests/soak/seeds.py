"""Whole files of every kind that srnet reads: what mutations and the fuzzer begin with.

Each is as small as its format allows, so that a change is likely to hit something that matters.
"""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "0.1.0"
_SHARED = ROOT.parent / "shared" / "networks"
_MAGIC = 19 + 32  # bytes of a checkpoint before its state: a word and a digest

Files = dict[str, bytes]
"""Contents by a name whose suffix says the format."""

_TORCH = """
import torch
from torch import nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).eval()
torch.save(net.state_dict(), "state.pt")
torch.save({"epoch": 3, "state_dict": net.state_dict()}, "checkpoint.pth")
torch.jit.script(net).save("program.pt")
"""
_KERAS = """
import warnings; warnings.simplefilter("ignore")
import keras
from keras import layers
model = keras.Sequential([layers.Input((2,)), layers.Normalization(mean=[1., 2], variance=[1., 4]),
    layers.Dense(3), layers.BatchNormalization(), layers.Activation("relu"), layers.Dense(1)])
model.save("stack.keras")
a = layers.Input((2,), name="first")
chain = keras.Model(a, layers.Dense(2, name="third")(layers.Dense(3, "tanh", name="second")(a)))
chain.save("chain.keras")
chain.save("chain.h5")
"""


def npz() -> Files:
    """Networks as NumPy writes them, with and without compression."""
    arrays = {"weight1": np.ones((3, 2)), "bias1": np.ones(3), "input_mean": np.zeros(2)}
    arrays |= {"weight2": np.ones((1, 3)), "bias2": np.ones(1), "input_scale": np.ones(2)}
    files = {}
    for name, save in (("plain.npz", np.savez), ("packed.npz", np.savez_compressed)):
        buffer = io.BytesIO()
        save(buffer, **arrays)
        files[name] = buffer.getvalue()
    return files


def safetensors() -> Files:
    """Networks as srnet writes them, and a state as other programs do."""
    from safetensors.numpy import save

    state = {"0.weight": np.ones((2, 2), np.float32), "0.bias": np.ones(2, np.float32)}
    files = {f"{run}.safetensors": _golden(run, "network.safetensors") for run in _RUNS}
    return files | {"state.safetensors": save(state)}


def nnet() -> Files:
    """The text format of collision avoidance."""
    lines = ["// a comment", "2,2,1,3,", "2,3,1,", "0,", "-1.0,-1.0,", "1.0,1.0,", "0.0,0.0,0.5,"]
    lines += ["1.0,2.0,3.0,", "0.1,0.2,", "0.3,0.4,", "0.5,0.6,", "0.1,", "0.2,", "0.3,"]
    return {"small.nnet": "\n".join([*lines, "1.0,2.0,3.0,", "0.5,", ""]).encode()}


def onnx() -> Files:
    """Dense layers, a convolution, branches, and public files where they are."""
    if find_spec("onnx") is None:
        return {}
    from onnx_models import mlp, model, node, normal_weights

    draw = normal_weights()
    branches = [node("Gemm", "x w b", "z", transB=1), node("Tanh", "z", "h"), node("Exp", "z", "g")]
    branches.append(node("Mul", "h g", "y"))
    layers = [node("Conv", "x k", "c", pads=[1, 1, 1, 1]), node("Relu", "c", "r")]
    layers += [node("Flatten", "r", "f"), node("MatMul", "f w", "y")]
    files = {
        "dense.onnx": mlp([2, 3, 1]),
        "branches.onnx": model(branches, {"w": draw(3, 2), "b": draw(3)}, ["n", 2]),
        "conv.onnx": model(layers, {"k": draw(2, 1, 3, 3), "w": draw(32, 2)}, [1, 1, 4, 4]),
    }
    public = (path for path in sorted(_SHARED.glob("odd/*.onnx")) if path.stat().st_size < 6000)
    return files | {path.name: path.read_bytes() for path in public}


def torch() -> Files:
    """State dicts and a program, where some Python of this machine has PyTorch."""
    for program in ("/usr/bin/python3", sys.executable):
        if files := _written([program, "-c", _TORCH]):
            return files
    return {}


def keras() -> Files:
    """Both formats of Keras, where it is installed."""
    if find_spec("keras") is None or find_spec("h5py") is None:
        return {}
    return _written([sys.executable, "-c", _KERAS])


def skops() -> Files:
    """A pipeline of scikit-learn."""
    if find_spec("skops") is None:
        return {}
    import warnings

    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skops.io import dumps

    X = np.random.default_rng(0).normal(size=(20, 2))
    model = make_pipeline(StandardScaler(), MLPClassifier((3,), max_iter=2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, X[:, 0] > 0)
    return {"pipeline.skops": dumps(model, compression=zipfile.ZIP_DEFLATED)}


def configs() -> Files:
    """The configs that are shipped."""
    return {path.name: path.read_bytes() for path in sorted((ROOT / "configs").rglob("*.yaml"))}


def checkpoints() -> Files:
    """States of searches, each named by the run that it is of."""
    files = {}
    for run in _RUNS:
        newest = max((GOLDEN / run / "checkpoint").iterdir())
        files[run] = newest.read_bytes()[_MAGIC:]
    return files


def models() -> Files:
    """Symbolic networks as runs keep them, each named by its run."""
    return {run: _golden(run, "model.json") for run in _RUNS if run != "unfinished"}


NETWORKS: Mapping[str, Callable[[], Files]] = {
    "npz": npz,
    "safetensors": safetensors,
    "nnet": nnet,
    "onnx": onnx,
    "torch": torch,
    "keras": keras,
    "skops": skops,
}
"""Network files by their kind; empty where what writes them is not installed."""

_RUNS = ("auto", "classifier", "mnncgp", "unfinished")


def with_right_sums(data: bytes) -> bytes:
    """A zip archive whose members' checksums are right again, so that damage gets past them."""
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except Exception:  # no archive any more
        return data
    whole = bytearray(data)
    for member in members:
        head = member.header_offset
        if data[head : head + 4] != b"PK\x03\x04" or len(data) < head + 30:
            continue
        lengths = struct.unpack("<HH", data[head + 26 : head + 30])
        start = head + 30 + sum(lengths)
        content = data[start : start + member.compress_size]
        if member.compress_type == zipfile.ZIP_DEFLATED:
            try:
                content = zlib.decompressobj(-15).decompress(content, 1 << 24)
            except zlib.error:
                continue
        right, wrong = struct.pack("<I", zlib.crc32(content)), struct.pack("<I", member.CRC)
        whole[head + 14 : head + 18] = right
        # The directory behind the members says it again.
        place = whole.find(b"PK\x01\x02")
        while place >= 0:
            if len(whole) < place + 46:  # cut short
                break
            if whole[place + 16 : place + 20] == wrong and right != wrong:
                offset = struct.unpack("<I", whole[place + 42 : place + 46])[0]
                if offset == head:
                    whole[place + 16 : place + 20] = right
            place = whole.find(b"PK\x01\x02", place + 4)
    return bytes(whole)


def _golden(run: str, name: str) -> bytes:
    return (GOLDEN / run / name).read_bytes()


def _written(command: list[str]) -> Files:
    """What a program writes into the folder that it runs in; nothing where it fails."""
    with TemporaryDirectory() as folder:
        environment = os.environ | {"KERAS_BACKEND": "numpy", "KERAS_HOME": folder}
        script = Path(folder, "script.py")  # TorchScript needs sources in a file
        script.write_text(command[-1])
        try:
            done = subprocess.run(
                [*command[:-2], "script.py"],
                cwd=folder,
                env=environment,
                capture_output=True,
                timeout=300,
            )
        except (OSError, subprocess.TimeoutExpired):
            return {}
        script.unlink()
        written = sorted(path for path in Path(folder).iterdir() if path.is_file())
        named = {path.name: path.read_bytes() for path in written if path.suffix != ".json"}
        return {} if done.returncode else named


if __name__ == "__main__":
    print(json.dumps({kind: {n: len(d) for n, d in f().items()} for kind, f in NETWORKS.items()}))
