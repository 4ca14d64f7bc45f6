"""PyTorch's files: what the real PyTorch computes, read without it, and nothing that runs."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch_process import run_torch

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import LoadedNetwork, Wishes
from srnet_cli.networks.readers.registry import read_network

SCRIPT = """
import numpy, torch
from torch import nn
torch.manual_seed(0)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 5)
        self.norm = nn.BatchNorm1d(5)
        self.fc2 = nn.Linear(5, 4)
        self.out = nn.Linear(4, 2)
    def forward(self, x):
        h = torch.tanh(self.norm(self.fc1(x)))
        return self.out(torch.tanh(self.fc2(h)))
net = Net()
for _ in range(20):
    net(torch.randn(50, 3) * 2 + 1)
net.eval()
X = torch.randn(40, 3)
with torch.no_grad():
    h1 = torch.tanh(net.norm(net.fc1(X)))
    h2 = torch.tanh(net.fc2(h1))
    numpy.savez("net.values.npz", X=X, h1=h1, h2=h2, y=net(X))
torch.save(net.state_dict(), "net.pt")
torch.save({"epoch": 3, "state_dict": net.state_dict()}, "checkpoint.pth")
torch.save(net, "whole.pt")
torch.save(net.state_dict(), "old.pt", _use_new_zipfile_serialization=False)
torch.jit.script(net).save("program.pt")
seq = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 4), nn.Softplus(),
                    nn.Linear(4, 1)).eval().double()
with torch.no_grad():
    numpy.savez("sequence.values.npz", X=X, h1=seq[:2](X.double()), y=seq(X.double()))
torch.jit.script(seq).save("sequence.pt")
torch.jit.trace(seq, X.double()).save("traced.pt")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("torch")
    run_torch(SCRIPT, folder)
    return folder


def agree(loaded: LoadedNetwork, path: Path, layers: tuple[str, ...]) -> None:
    with np.load(path) as values:
        found = loaded.network.activations(values["X"].astype(np.float64))
        for name, layer in zip(layers, found, strict=True):
            np.testing.assert_allclose(layer, values[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["net.pt", "checkpoint.pth", "program.pt"])
def test_a_state_dict_with_its_activation(name: str, made: Path) -> None:
    """Layers, batch normalisation and all, are what PyTorch computes."""
    loaded = read_network(made / name, Wishes(activation="tanh"))
    assert loaded.layers == ("fc1", "fc2", "out")
    agree(loaded, made / "net.values.npz", ("h1", "h2", "y"))


def test_layers_can_be_named(made: Path) -> None:
    """Layers that are not named are left out, which is said."""
    wishes = Wishes(activation="tanh", layers=("fc1", "norm", "fc2"))
    loaded = read_network(made / "net.pt", wishes)
    assert loaded.network.widths == (3, 5, 4)
    assert "left out: out" in loaded.notes


def test_the_activation_is_asked_for(made: Path) -> None:
    """A state dict does not say its activation, so nothing is taken for it."""
    with pytest.raises(ModelError, match="does not say the activation") as caught:
        read_network(made / "net.pt", Wishes())
    assert "network.activation" in caught.value.hint


@pytest.mark.parametrize("name", ["sequence.pt", "traced.pt"])
def test_a_sequence_says_its_activations(name: str, made: Path) -> None:
    """A TorchScript program of known modules needs nothing beside it."""
    loaded = read_network(made / name, Wishes())
    assert loaded.network.layer_activations == ("relu", "softplus", "linear")  # type: ignore[attr-defined]
    found = loaded.network
    with np.load(made / "sequence.values.npz") as values:
        X = values["X"].astype(np.float64)
        np.testing.assert_allclose(found.predict(X), values["y"], atol=1e-9)
        np.testing.assert_allclose(found.activations(X)[0], values["h1"], atol=1e-9)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("whole.pt", "holds the Python object '__main__.Net', which is never loaded"),
        ("old.pt", "never loaded"),
    ],
)
def test_pickled_modules_are_refused(name: str, message: str, made: Path) -> None:
    """Whole modules are programs; only weights are read."""
    with pytest.raises(ModelError, match=message) as caught:
        read_network(made / name, Wishes(activation="tanh"))
    assert "state_dict" in caught.value.hint


def archive(path: Path, data: bytes, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", data)
        for name, content in members.items():
            file.writestr(f"archive/data/{name}", content)
    return path


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.path),))


def test_nothing_in_a_pickle_runs(tmp_path: Path) -> None:
    """A pickle that calls a function is refused, and the function is not called."""
    trap = tmp_path / "executed"
    path = archive(tmp_path / "n.pt", pickle.dumps({"a.weight": Bomb(trap)}, protocol=2))
    with pytest.raises(ModelError, match=r"holds the Python object '(posix|os)\.mkdir'"):
        read_network(path, Wishes(activation="relu"))
    assert not trap.exists()


class Tensor:
    """Pickles as PyTorch's tensors do."""

    def __init__(self, shape: tuple[int, ...], strides: tuple[int, ...], count: int) -> None:
        self.parts = (shape, strides, count)


class Storage:
    def __init__(self, count: int) -> None:
        self.count = count


def torch_pickle(tensors: dict[str, Tensor]) -> bytes:
    """A state dict as PyTorch pickles it, written without PyTorch."""
    lines = [b"\x80\x02}q\x00("]

    def text(word: str) -> bytes:
        return b"X" + len(word).to_bytes(4, "little") + word.encode()

    def number(value: int) -> bytes:
        return b"\x8a\x08" + value.to_bytes(8, "little", signed=True)

    for name, tensor in tensors.items():
        shape, strides, count = tensor.parts
        lines.append(text(name))
        lines.append(b"ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage"))
        lines.append(b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + number(count) + b"tQ")
        lines.append(number(0) + b"(" + b"".join(map(number, shape)) + b"t")
        lines.append(b"(" + b"".join(map(number, strides)) + b"t" + b"\x89")
        lines.append(b"ccollections\nOrderedDict\n)RtR")
    return b"".join([*lines, b"u."])


@pytest.mark.parametrize(
    ("shape", "strides"),
    [
        ((3, 2), (2, 1000)),
        ((2**31, 2**31), (0, 0)),
        ((-1, 2), (2, 1)),
        ((3, 2), (-2, 1)),
        ((3, 2), (2,)),
        ((2**62, 2**62), (1, 1)),
    ],
)
def test_tensors_that_lie_about_their_size(
    shape: tuple[int, ...], strides: tuple[int, ...], tmp_path: Path
) -> None:
    """Views beyond the numbers that are there are refused before memory is taken."""
    data = torch_pickle({"a.weight": Tensor(shape, strides, 6)})
    path = archive(tmp_path / "n.pt", data, **{"0": bytes(24)})
    with pytest.raises(ModelError, match="its pickle"):
        read_network(path, Wishes(activation="relu"))


def test_a_state_dict_written_by_hand(tmp_path: Path) -> None:
    """The bytes are understood as the format is documented: strides in numbers, not bytes."""
    data = torch_pickle({"a.weight": Tensor((3, 2), (1, 3), 6)})
    numbers = np.arange(6, dtype="<f4")
    path = archive(tmp_path / "n.pt", data, **{"0": numbers.tobytes()})
    network: Any = read_network(path, Wishes()).network
    np.testing.assert_array_equal(network.weights[0], numbers.reshape(2, 3).T)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x02r\xff\xff\xff\x7f.",  # a memo of two thousand million entries
        b"\x80\x02" + b"(" * 400_000 + b".",
        b"\x80\x02]" + b"]a" * 10 + b".",
        pickle.dumps(list(range(10)), protocol=2),
        pickle.dumps(OrderedDict(a=1), protocol=2),
    ],
)
def test_odd_pickles_are_refused(data: bytes, tmp_path: Path) -> None:
    """One line, whatever the pickle does."""
    with pytest.raises(ModelError) as caught:
        read_network(archive(tmp_path / "n.pt", data), Wishes(activation="relu"))
    assert "\n" not in str(caught.value)


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    """Archives cut off anywhere, or with a flipped byte, give an answer or one line."""
    data = torch_pickle({"a.weight": Tensor((3, 2), (1, 3), 6)})
    path = archive(tmp_path / "n.pt", data, **{"0": bytes(24)})
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            read_network(path, Wishes(activation="relu"))
    for _ in range(300):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] = rng.integers(256)
        path.write_bytes(changed)
        try:
            read_network(path, Wishes(activation="relu"))
        except ModelError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_zip_bombs_are_refused(tmp_path: Path) -> None:
    """A member that unpacks to more than the limit is not unpacked."""
    path = tmp_path / "n.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data.pkl", pickle.dumps({}))
        with file.open("archive/data/0", "w", force_zip64=True) as member:
            for _ in range(80):
                member.write(bytes(1 << 20))
    with pytest.raises(ModelError, match="unpacks to more than 64 MiB"):
        read_network(path, Wishes())
    assert io.BytesIO(path.read_bytes()).getbuffer().nbytes < 1 << 20
