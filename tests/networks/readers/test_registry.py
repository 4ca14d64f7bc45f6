"""Which reader reads which file, and that hostile files are refused quickly."""

from __future__ import annotations

import pickle
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import Wishes
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


@pytest.mark.parametrize("suffix", [".pkl", ".joblib", ".tflite", ".xyz"])
def test_other_formats_say_what_to_do(suffix: str, tmp_path: Path) -> None:
    """The known formats are listed, and the hint says how to get there."""
    path = tmp_path / f"n{suffix}"
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(ModelError, match=r"unknown network format .*; known: ") as caught:
        read_network(path, Wishes())
    assert caught.value.hint


def test_ten_thousand_layers_are_refused_at_once(tmp_path: Path) -> None:
    """They fit on each other, but nobody reads so many; time grows with their number alone."""
    path = tmp_path / "n.safetensors"
    calls: Counter[str] = Counter()
    for layers in (2_000, 10_000):
        path.write_bytes(save({f"{number}.weight": np.ones((1, 1)) for number in range(layers)}))
        begun = calls.total()
        sys.setprofile(lambda _, event, __: calls.update([event]))
        try:
            with pytest.raises(ModelError, match=f"has {layers} layers, more than 1000"):
                read_network(path, Wishes(activation="relu"))
        finally:
            sys.setprofile(None)
        assert calls.total() - begun < 200 * layers


@pytest.mark.parametrize("name", ["n.npz", "n.safetensors", "n.onnx", "n.unknown"])
def test_a_file_that_is_too_large_is_not_read(name: str, tmp_path: Path) -> None:
    """Its size alone is looked at, whatever the limit of its format."""
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate((1 << 30) + 1)
    tracemalloc.start()
    with pytest.raises(ModelError, match="MiB, too large for a network"):
        read_network(path, Wishes())
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


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
