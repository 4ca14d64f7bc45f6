"""Network files: what is read, what is refused, and that nothing in them can do harm."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import save

from srnet_cli.errors import ModelError, StorageError
from srnet_cli.networks import (
    FORMATS,
    Network,
    Scaler,
    load_network,
    network_from_bytes,
    network_to_bytes,
    save_network,
)

Arrays = dict[str, np.ndarray]


def npz(arrays: Arrays, metadata: dict[str, str] | None = None) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npz_compressed(arrays: Arrays, metadata: dict[str, str] | None = None) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


WRITERS: dict[str, Callable[..., bytes]] = {
    "plain.npz": npz,
    "compressed.npz": npz_compressed,
    "n.safetensors": save,
}


def some_arrays(seed: int = 0) -> Arrays:
    """Two layers, 2 inputs, 3 hidden units, 1 output."""
    rng = np.random.default_rng(seed)
    shapes = {"weight1": (3, 2), "bias1": 3, "weight2": (1, 3), "bias2": 1}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def assert_equal(network: Network, other: Network) -> None:
    for some, others in ((network.weights, other.weights), (network.biases, other.biases)):
        for array, expected in zip(some, others, strict=True):
            np.testing.assert_array_equal(array, expected)
            assert array.dtype == np.float64
    assert (network.activation, network.output_activation) == (
        other.activation,
        other.output_activation,
    )
    assert (network.scaler is None) == (other.scaler is None)
    if network.scaler is not None and other.scaler is not None:
        np.testing.assert_array_equal(network.scaler.mean, other.scaler.mean)
        np.testing.assert_array_equal(network.scaler.scale, other.scaler.scale)


def refusal(data: bytes, name: str) -> str:
    """The one line with which a file is refused; it begins with the file's name."""
    with pytest.raises(ModelError) as caught:
        network_from_bytes(data, name)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert message.isprintable()
    assert len(message) < 300
    return message


def test_every_format_has_a_writer_here() -> None:
    """A format that is added to the registry is tested by adding its writer above."""
    assert {Path(name).suffix for name in WRITERS} == set(FORMATS)


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.lists(st.integers(1, 5), min_size=2, max_size=5),
    st.sampled_from(["sigmoid", "tanh", "relu", "linear"]),
    st.booleans(),
    st.data(),
)
def test_round_trip_is_lossless(
    widths: list[int], activation: Any, is_scaled: bool, data: st.DataObject
) -> None:
    """Written and read again, a network is the same to the last bit."""

    def draw(shape: int | tuple[int, int], elements: st.SearchStrategy[float]) -> np.ndarray:
        return data.draw(hnp.arrays(float, shape, elements=elements))

    positive = st.floats(1e-300, 1e300)
    inputs = widths[0]
    scaler = Scaler(draw(inputs, finite), draw(inputs, positive)) if is_scaled else None
    network = Network(
        # Transposed views are not contiguous, which a careless writer gets wrong.
        weights=tuple(draw((a, b), finite).T for a, b in pairwise(widths)),
        biases=tuple(draw(b, finite) for b in widths[1:]),
        activation=activation,
        output_activation="softmax" if widths[-1] > 1 else "linear",
        scaler=scaler,
    )
    assert_equal(network_from_bytes(network_to_bytes(network)), network)


def test_equal_networks_give_equal_bytes_in_every_process() -> None:
    """Two programs that save the same network write the same file."""
    program = (
        "import hashlib, numpy as np; from srnet_cli.networks import *;"
        "n = Network((np.eye(2),), (np.ones(2),), 'tanh', 'softmax', "
        "Scaler(np.zeros(2), np.ones(2)));"
        "print(hashlib.sha256(network_to_bytes(n)).hexdigest())"
    )
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": os.environ["PATH"]}
    digests = {
        subprocess.check_output([sys.executable, "-c", program], env=environment) for _ in range(3)
    }
    assert len(digests) == 1


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_layout_is_read(name: str, dtype: str) -> None:
    """Weights and biases of any floating-point size become the layers, as float64."""
    arrays = {key: array.astype(dtype) for key, array in some_arrays().items()}
    network = network_from_bytes(WRITERS[name](arrays), name, "relu")
    expected = {key: array.astype(float) for key, array in arrays.items()}
    assert_equal(
        network,
        Network(
            (expected["weight1"], expected["weight2"]),
            (expected["bias1"], expected["bias2"]),
            "relu",
        ),
    )


def test_npz_reads_either_order_and_byte_order() -> None:
    """Column-major and big-endian arrays are the same numbers."""
    arrays = some_arrays()
    foreign = {name: np.asfortranarray(array).astype(">f8") for name, array in arrays.items()}
    assert_equal(
        network_from_bytes(npz(foreign), "n.npz"), network_from_bytes(npz(arrays), "n.npz")
    )


@pytest.mark.parametrize("name", WRITERS)
def test_rows_beside_the_network_are_ignored(name: str) -> None:
    """X and y may lie in the file, whatever they hold."""
    extra = {"X": np.arange(6), "y": np.zeros(3, dtype=bool)}
    assert_equal(
        network_from_bytes(WRITERS[name](some_arrays() | extra), name),
        network_from_bytes(WRITERS[name](some_arrays()), name),
    )


@pytest.mark.parametrize("name", WRITERS)
def test_scaling_beside_the_network_is_read(name: str) -> None:
    """input_mean and input_scale become the network's scaler."""
    mean, scale = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    data = WRITERS[name](some_arrays() | {"input_mean": mean, "input_scale": scale})
    plain = network_from_bytes(WRITERS[name](some_arrays()), name)
    assert_equal(network_from_bytes(data, name), replace(plain, scaler=Scaler(mean, scale)))


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight1": None}, "array 'weight1' is missing; the arrays go up to layer 2"),
        ({"bias2": None}, "array 'bias2' is missing"),
        ({"weight4": np.ones((1, 1)), "bias4": np.ones(1)}, "array 'weight3' is missing"),
        ({"weight0": np.ones((2, 2))}, "unknown array 'weight0'; expected weight1, bias1"),
        ({"gamma1": np.ones(3)}, "unknown array 'gamma1'"),
        ({"weight\u0661": np.ones(3)}, "unknown array"),
        ({"new\nline\x1b[31m" + "x" * 500: np.ones(3)}, "unknown array 'new line"),
        ({"weight1": np.ones((2, 3))}, "layer 1 has weights of shape (2, 3)"),
        ({"weight1": np.ones((4, 2)), "bias1": np.ones(4)}, "layer 2 takes 3 inputs, but layer 1"),
        ({"weight1": np.ones(())}, "layer 1 has weights of shape ()"),
        ({"bias1": np.ones((1, 3))}, "layer 1 has weights of shape (3, 2) and biases of shape"),
        ({"weight1": np.ones((3, 0))}, "none of them 0"),
        ({"weight1": np.full((3, 2), np.nan)}, "layer 1 holds weights or biases that are not fin"),
        ({"bias2": np.array([-np.inf])}, "layer 2 holds weights or biases that are not finite"),
        ({"weight2": np.ones((1, 3), dtype=np.int8)}, "array 'weight2' holds"),
        ({"bias2": np.ones(1, dtype=bool)}, "array 'bias2' holds"),
        ({"input_mean": np.ones(2)}, "'input_mean' and 'input_scale' only make sense together"),
        (
            {"input_mean": np.ones(1), "input_scale": np.ones(1)},
            "the input scaling has shapes (1,) and (1,); expected (2,)",
        ),
        (dict.fromkeys(some_arrays()), "no layers found; expected arrays weight1"),
    ],
)
def test_wrong_arrays_are_named(
    name: str, changes: dict[str, np.ndarray | None], message: str
) -> None:
    """Arrays that make no network are refused with one line that names the array or layer."""
    arrays = {k: v for k, v in (some_arrays() | changes).items() if v is not None}
    assert message in refusal(WRITERS[name](arrays), name)


def test_the_file_decides_the_activation() -> None:
    """What the file says beats the argument; contradicting the task is an error."""
    network = Network((np.eye(2),), (np.zeros(2),), "tanh", "softmax")
    data = network_to_bytes(network)
    assert network_from_bytes(data, activation="relu").activation == "tanh"
    assert network_from_bytes(data).output_activation == "softmax"
    with pytest.raises(ModelError, match="file says that the output is softmax, the task asks for"):
        network_from_bytes(data, output_activation="linear")


def test_a_silent_file_takes_the_arguments() -> None:
    """A file without metadata has the activations asked for, sigmoid and linear by default."""
    arrays = {"weight1": np.eye(2), "bias1": np.zeros(2)}
    network = network_from_bytes(npz(arrays), "n.npz")
    assert (network.activation, network.output_activation) == ("sigmoid", "linear")
    asked = network_from_bytes(npz(arrays), "n.npz", "relu", "softmax")
    assert (asked.activation, asked.output_activation) == ("relu", "softmax")


FACTS = {"format": 1, "activation": "tanh", "output_activation": "linear"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "metadata are damaged"),
        ("[]", "metadata are damaged"),
        ("[" * 100_000, "metadata are damaged"),
        (json.dumps({**FACTS, "format": 4}), "of format '4', this srnet reads up to 3"),
        (json.dumps({**FACTS, "format": "x" * 999}), "of format 'xxx"),
        (json.dumps({**FACTS, "activation": "maxout"}), "unknown activation 'maxout'; known: lin"),
        (json.dumps({**FACTS, "output_activation": ["a"]}), "unknown activation"),
        (json.dumps({"format": 1}), "metadata are damaged"),
    ],
)
def test_damaged_metadata_are_refused(text: str, message: str) -> None:
    """Metadata that say something else than this version knows are refused."""
    assert message in refusal(save(some_arrays(), metadata={"srnet": text}), "n.safetensors")


def test_metadata_of_others_do_not_matter() -> None:
    """Safetensors written by other programs may say what they like about themselves."""
    data = save(some_arrays(), metadata={"format": "pt"})
    assert network_from_bytes(data, "n.safetensors", "relu").activation == "relu"


def safetensors_bytes(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a whole safetensors file"),
        (b"\xff" * 40, "header is too long"),
        (safetensors_bytes([]), "not a whole"),
        (safetensors_bytes({"__metadata__": None}), "no layers found"),
        (safetensors_bytes(b"[" * 10_000), "not a whole"),
        (
            safetensors_bytes({"weight1": {"dtype": "F64", "shape": [2**62, 4]}}),
            "not a whole",
        ),
        (
            safetensors_bytes(
                {"weight1": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}, b"\0\0"
            ),
            "array 'weight1' holds 'BF16'; expected float16, float32 or float64",
        ),
        (
            safetensors_bytes(
                {"weight1": {"dtype": "F64", "shape": [0, 10**15], "data_offsets": [0, 0]}}
            ),
            "array 'bias1' is missing",
        ),
    ],
)
def test_forged_safetensors_are_refused(data: bytes, message: str) -> None:
    """Headers that lie or belong to something else are refused."""
    assert message in refusal(data, "n.safetensors")


HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }"


def npy(header: bytes, values: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header + values


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_npz_of_old_writers_are_read_silently() -> None:
    """Shapes written by Python 2 are read, without NumPy's warning about them."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1L, 1L), }"
    data = zipped(
        {
            "weight1.npy": npy(header, bytes(8)),
            "bias1.npy": npy(header.replace(b"1L, 1L", b"1L, "), bytes(8)),
        }
    )
    assert network_from_bytes(data, "n.npz").widths == (1, 1)


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("place", ["weight1", "X"])
def test_pickles_in_npz_are_never_loaded(place: str, tmp_path: Path) -> None:
    """An array of objects is refused, or not read at all; nothing in it is executed."""
    trap = tmp_path / "executed"
    objects = np.empty(1, dtype=object)
    objects[0] = Bomb(trap)
    data = npz(some_arrays() | {place: objects})
    if place == "weight1":
        assert "array 'weight1' holds 'object'" in refusal(data, "n.npz")
    else:
        network_from_bytes(data, "n.npz")
    assert not trap.exists()


@pytest.mark.parametrize("suffix", [".pkl", ".pt", ".joblib", ".onnx", ".npy", ".nbi", ""])
def test_other_formats_are_refused_unread(suffix: str, tmp_path: Path) -> None:
    """A suffix that is not registered is refused with the known ones, and nothing is executed."""
    trap, path = tmp_path / "executed", tmp_path / f"network{suffix}"
    path.write_bytes(pickle.dumps(Bomb(trap)))
    with pytest.raises(ModelError, match=r"unknown network format .*; known: \.npz, \.safetensors"):
        load_network(path)
    assert not trap.exists()


HUGE = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 2), }"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a whole npz file"),
        (b"PK\x05\x06" + bytes(18), "no layers found"),
        (npz(some_arrays())[:-30], "not a whole npz file"),
        (zipped({"weight1.npy": b""}), "array 'weight1' has a damaged header"),
        (zipped({"weight1.npy": npy(HUGE)}), "array 'weight1' is not as long as its header says"),
        (zipped({"weight1.npy": npy(b"(" * 9000)}), "damaged header"),
        (zipped({"weight1.npy": npy(b"'" + b"\\d" * 99)}), "damaged header"),
        (zipped({"weight1.npy": npy(b" " * 70_000, b"", (2, 0))}), "damaged header"),
        (zipped({"weight1.npy": npy(HUGE, b"", (3, 0))}), "damaged header"),
        (
            zipped({"weight1.npy": npy(HUGE.replace(b"10000", b"-1"))}),
            "impossible shape",
        ),
        *(
            (
                zipped({"weight1.npy": npy(HEADER.replace(b"(1, 2)", shape), bytes(8 * values))}),
                "impossible shape",
            )
            for shape, values in ((b"(True, 2)", 2), (b"(0, True)", 0), (b"(2, False)", 0))
        ),
        (zipped({"weight1.npy": npz(some_arrays())}, zipfile.ZIP_LZMA), "compressed in a way"),
        (zipped({"../weight1.npy": b""}), "unknown array '../weight1'"),
        (zipped({"weight1": b"", "weight1.npy": b""}), "the file lists an array twice"),
        (b"PK\x01\x02" * 20_000, "the file lists more than 10000 arrays"),
    ],
)
def test_forged_npz_are_refused(data: bytes, message: str) -> None:
    """Archives and headers that lie, or that no NumPy writes, are refused."""
    assert message in refusal(data, "n.npz")


def test_zip_bombs_are_refused_before_unpacking() -> None:
    """An archive whose directory declares more than the limit is refused without unpacking it."""
    data = bytearray(npz_compressed(some_arrays()))
    size = data.index(b"PK\x01\x02") + 24  # where a directory entry holds the unpacked size
    data[size : size + 4] = struct.pack("<I", (1 << 30) + 1)
    assert "its arrays take more than 1024 MiB" in refusal(bytes(data), "n.npz")


def test_a_small_file_does_not_unpack_to_a_large_one() -> None:
    """Zeros are a thousandth of their size when they are compressed."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 33554432), }"
    bomb = zipped({"weight1.npy": npy(header) + bytes(4 << 25)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 200_000
    tracemalloc.start()
    assert "its compressed arrays unpack to more than 128 MiB" in refusal(bomb, "n.npz")
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_unpacking_is_bounded_by_the_header() -> None:
    """A member that unpacks to more than its array needs is refused before it is unpacked."""
    member = npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }")
    data = zipped({"weight1.npy": member + bytes(1 << 25)}, zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    assert "not as long as its header says" in refusal(data, "n.npz")
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Flip bits, overwrite, insert, delete or cut off bytes, one to eight times."""
    mutant = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        place = rng.randrange(len(mutant))
        match rng.randrange(5):
            case 0 | 1:
                mutant[place] ^= 1 << rng.randrange(8)
            case 2:
                mutant[place] = rng.choice(b"\x00\xff\x7f019")
            case 3:
                mutant[place : place + rng.randrange(5)] = rng.randbytes(rng.randrange(5))
            case 4:
                mutant = mutant[: place + 1]
        mutant = mutant or bytearray(1)
    return bytes(mutant)


def header_mutants(rng: random.Random) -> bytes:
    """An npz whose checksums are right and whose npy headers are not."""
    member = io.BytesIO()
    np.save(member, np.ones((3, 2)))
    head, values = member.getvalue()[:128], member.getvalue()[128:]
    arrays = {f"{name}.npy": b"" for name in some_arrays()}
    return zipped({**arrays, "weight1.npy": mutate(head, rng) + values})


@pytest.mark.parametrize("name", [*WRITERS, "header.npz"])
def test_mutated_files_never_crash(name: str) -> None:
    """Hundreds of damaged files each give a network or one line, in bounded memory."""
    rng = random.Random(name)
    original = WRITERS[name](some_arrays()) if name in WRITERS else b""
    messages = []
    tracemalloc.start()
    for _ in range(400):
        data = mutate(original, rng) if original else header_mutants(rng)
        try:
            network_from_bytes(data, name)
        except ModelError as error:
            messages.append(str(error))
    assert len(messages) > 200
    assert all(message.isprintable() for message in messages)
    assert tracemalloc.get_traced_memory()[1] < 1 << 24
    tracemalloc.stop()


@given(st.binary(max_size=300))
@pytest.mark.parametrize("name", FORMATS)
def test_random_bytes_never_crash(name: str, data: bytes) -> None:
    """Bytes that mean nothing are refused with one line."""
    refusal(data, f"n{name}")


def test_files_are_loaded_and_saved(tmp_path: Path) -> None:
    """A network saved to a file is loaded from it; a capital suffix is no other format."""
    network = network_from_bytes(npz(some_arrays()), "n.npz", "tanh")
    path = tmp_path / "network.SafeTensors"
    save_network(network, path)
    assert_equal(load_network(path), network)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_saving_into_nothing_is_one_line(tmp_path: Path) -> None:
    """A folder that is missing is an error of storage that names the file."""
    network = network_from_bytes(npz(some_arrays()), "n.npz")
    with pytest.raises(StorageError, match=r"network\.safetensors"):
        save_network(network, tmp_path / "missing" / "network.safetensors")


def test_unreadable_paths_are_one_line(tmp_path: Path) -> None:
    """Missing files, folders, devices, and paths that cannot exist are refused by name."""
    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.npz")
    for name, message in [
        ("missing.npz", "no such network file"),
        ("folder.npz", "not a file"),
        ("pipe.npz", "not a file"),
        ("x" * 5000 + ".npz", "cannot be read|no such network file"),
        ("a\0b.npz", "cannot be read|no such network file"),
    ]:
        with pytest.raises(ModelError, match=message):
            load_network(tmp_path / name)


def test_files_too_large_are_not_read(tmp_path: Path) -> None:
    """A file beyond the limit is refused by its size alone."""
    path = tmp_path / "huge.safetensors"
    with path.open("wb") as file:
        file.truncate((1 << 30) + 1)
    with pytest.raises(ModelError, match="larger than 1024 MiB"):
        load_network(path)


CLASSIFIERS = ["P0_adult", "P1_analcatdata_aids", "P2_agaricus_lepiota", "P3_breast", "P4_car"]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_published_classifiers_load(name: str, shared: Path) -> None:
    """The published classifiers load with the structure they are described with."""
    folder = shared / "paper" / "classification"
    about = json.loads((folder / f"{name}.json").read_text())
    network = load_network(folder / f"{name}.npz", output_activation="softmax")
    assert network.widths == tuple(about["structure"])
    rows = np.random.default_rng(0).normal(size=(20, network.widths[0]))
    np.testing.assert_allclose(network.probabilities(rows).sum(axis=1), 1)
