"""Which reader reads which file, and that hostile files are refused quickly."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.record import Wishes
from srnet_cli.networks.readers.registry import READERS, read_network

STATE = {
    "fc1.weight": np.arange(6.0).reshape(3, 2),
    "fc1.bias": np.ones(3),
    "fc2.weight": np.ones((1, 3)),
    "fc2.bias": np.zeros(1),
}


def test_names_of_pytorch_in_safetensors(tmp_path: Path) -> None:
    """A state dict in safetensors is read in the order of its numbers."""
    path = tmp_path / "n.safetensors"
    path.write_bytes(save(STATE))
    loaded = read_network(path, Wishes(activation="relu"))
    assert loaded.layers == ("fc1", "fc2")
    assert loaded.network.widths == (2, 3, 1)


def test_an_order_that_is_not_said_is_asked_for(tmp_path: Path) -> None:
    """Layers of the same shapes whose names say nothing could stand in any order."""
    square = {f"{name}.weight": np.eye(2) for name in ("head", "body", "tail")}
    path = tmp_path / "n.safetensors"
    path.write_bytes(save(square))
    with pytest.raises(ModelError, match="does not say the order of its layers") as caught:
        read_network(path, Wishes(activation="relu"))
    assert "network.layers" in caught.value.hint
    wishes = Wishes(activation="relu", layers=("body", "head", "tail"))
    assert read_network(path, wishes).layers == ("body", "head", "tail")


def test_shapes_that_leave_no_choice_are_an_order(tmp_path: Path) -> None:
    """Names that say nothing are no question where only one order fits."""
    state = {"z.weight": np.ones((4, 2)), "a.weight": np.ones((1, 4))}
    path = tmp_path / "n.safetensors"
    path.write_bytes(save(state))
    assert read_network(path, Wishes(activation="relu")).layers == ("z", "a")


def test_a_file_without_a_known_suffix_is_looked_at(tmp_path: Path) -> None:
    """What a file is called does not matter where its content tells."""
    path = tmp_path / "model.bin"
    path.write_bytes(save(STATE))
    assert read_network(path, Wishes(activation="relu")).network.widths == (2, 3, 1)


@pytest.mark.parametrize("suffix", [".pkl", ".joblib", ".pt2", ".tflite", ".xyz"])
def test_other_formats_say_what_to_do(suffix: str, tmp_path: Path) -> None:
    """The known formats are listed, and the hint says how to get there."""
    path = tmp_path / f"n{suffix}"
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(ModelError, match=r"unknown network format .*; known: ") as caught:
        read_network(path, Wishes())
    assert caught.value.hint


@pytest.mark.parametrize("suffix", sorted(READERS))
def test_nonsense_is_one_line(suffix: str, tmp_path: Path) -> None:
    """Random bytes, texts and archives of another kind are refused in every format."""
    rng = np.random.default_rng(0)
    path = tmp_path / f"n{suffix}"
    for data in (b"", b"PK\x05\x06" + bytes(18), rng.bytes(5000), b"0" * 100, bytes(1000)):
        path.write_bytes(data)
        with pytest.raises(ModelError) as caught:
            read_network(path, Wishes(activation="relu"))
        message = str(caught.value)
        assert message.startswith(str(path))
        assert message.isprintable()


def varint(value: int) -> bytes:
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def part(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = part(1, part(5, part(6, data)))
    return part(7, data)


BOMBS: dict[str, bytes] = {
    "a million empty nodes": part(7, part(1, b"") * 1_000_000),
    "a million empty tensors": part(7, part(5, b"") * 1_000_000),
    "ten thousand tensors": part(7, b"".join(part(5, part(8, b"t%d" % i)) for i in range(10_001))),
    "graphs in graphs": nested(5_000),
    "a length beyond the end": part(7, b"") + b"\x3a\xff\xff\xff\x7f",
    "groups": b"\x0b" * 100,
    "an endless number": b"\x08" + b"\xff" * 100,
}


@pytest.mark.parametrize("name", BOMBS)
def test_onnx_bombs_are_refused_before_they_are_parsed(name: str, tmp_path: Path) -> None:
    """A small file that would fill the memory is refused by its structure."""
    path = tmp_path / "n.onnx"
    path.write_bytes(BOMBS[name])
    start = time.process_time()
    with pytest.raises(ModelError):
        read_network(path, Wishes())
    assert time.process_time() - start < 5.0


def onnx_of(constants: dict[str, Any], *nodes: Any, shape: Any = ("n", 2)) -> bytes:
    from onnx_models import model

    return model(nodes, constants, list(shape))


def test_external_data_stays_in_its_folder(tmp_path: Path) -> None:
    """Tensors in files beside the network are read; those elsewhere are refused."""
    onnx = pytest.importorskip("onnx")
    from onnx_models import node, read

    weight = np.arange(4, dtype=np.float32).reshape(2, 2)
    data = onnx_of({"w": weight}, node("MatMul", "x w", "y"))
    folder, secret = tmp_path / "model", tmp_path / "secret.bin"
    folder.mkdir()
    secret.write_bytes(weight.tobytes())
    (folder / "weights.bin").write_bytes(weight.tobytes())
    (folder / "link.bin").symlink_to(secret)

    def external(**facts: str) -> bytes:
        model = onnx.load_model_from_string(data)
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in facts.items():
            tensor.external_data.add(key=key, value=value)
        return bytes(model.SerializeToString())

    network = read(external(location="weights.bin"), folder).network
    np.testing.assert_array_equal(network.weights[0], weight.T)
    for facts in (
        {"location": "../secret.bin"},
        {"location": str(secret)},
        {"location": "link.bin"},
        {"location": "weights.bin", "offset": "8"},
        {"location": "weights.bin", "length": "99999999999"},
        {"location": "weights.bin", "offset": "-4"},
        {"location": ""},
        {},
    ):
        with pytest.raises(ModelError, match=r"is said to lie in|is damaged"):
            read(external(**facts), folder)


GREEDY: dict[str, Any] = {
    "doubling": lambda node: (
        {},
        [
            node("Concat", f"{'x' if i == 0 else f'a{i}'} " * 2, f"a{i + 1}", axis=1)
            for i in range(40)
        ]
        + [node("Tanh", "a40", "y")],
    ),
    "outer products": lambda node: (
        {"w": np.ones((2, 100_000), np.float32), "v": np.ones((100_000, 1), np.float32)},
        [
            node("MatMul", "x w", "a"),
            node("Mul", "a v", "b"),
            node("Tanh", "b", "y"),
        ],
    ),
    "padding": lambda node: (
        {"p": np.array([0, 0, 0, 10**12])},
        [node("Pad", "x p", "a"), node("Tanh", "a", "y")],
    ),
    "constants": lambda node: (
        {"c": np.ones((300_000, 1), np.float32), "d": np.ones((1, 300_000), np.float32)},
        [node("Add", "c d", "e"), node("ReduceSum", "e", "f"), node("Add", "x f", "y")],
    ),
}


@pytest.mark.parametrize("name", GREEDY)
def test_graphs_that_would_fill_the_memory_are_refused(name: str, tmp_path: Path) -> None:
    """Sizes are known before anything is computed; a process of 1 GB reads the file and lives."""
    pytest.importorskip("onnxruntime")
    from onnx_models import model, node

    constants, nodes = GREEDY[name](node)
    path = tmp_path / "n.onnx"
    path.write_bytes(model(nodes, constants, ["n", 2]))
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from srnet_cli.errors import ModelError\n"
        "from srnet_cli.networks.readers.record import Wishes\n"
        "from srnet_cli.networks.readers.registry import read_network\n"
        "try:\n    read_network(Path(sys.argv[1]), Wishes())\n"
        "except ModelError as error:\n    print('refused:', error)\n"
        "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert "refused:" in done.stdout
    assert int(done.stdout.split()[-1]) < 1024
