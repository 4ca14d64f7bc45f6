"""Programs of torch.export: what PyTorch computes, read without it, and nothing that runs."""

from __future__ import annotations

import io
import json
import re
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch_process import run_torch

from srnet_cli.errors import ModelError
from srnet_cli.networks import softmax
from srnet_cli.networks.graph import GraphNetwork
from srnet_cli.networks.network import Network
from srnet_cli.networks.readers.loaded import LoadedNetwork, Wishes
from srnet_cli.networks.readers.registry import read_network

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

SAMPLES = Path(__file__).parents[3] / "golden" / "exported"
OLD = SAMPLES / "before-2.8" / "dense.pt2"
SCRIPT = Path(__file__).parents[3] / "support" / "export_programs.py"


def check(loaded: LoadedNetwork, values: Path) -> None:
    """The network gives what PyTorch gave."""
    with np.load(values) as rows:
        found = loaded.network.predict(rows["X"])
        if loaded.network.output_activation == "softmax":
            found = np.log(softmax(found))
        scale = max(1.0, float(np.abs(rows["y"]).max()))
        np.testing.assert_allclose(found, rows["y"], rtol=0, atol=1e-5 * scale)


def test_dense_layers_are_folded() -> None:
    """Scaling, normalisation and an activation that is spelt out become those of the layers."""
    loaded = read_network(SAMPLES / "dense.pt2", Wishes())
    assert isinstance(loaded.network, Network)
    assert loaded.network.layer_activations == ("tanh", "silu", "linear")
    assert loaded.layers == ("tanh", "silu", "linear_2")
    assert loaded.kind == "torch.export"
    scaler = loaded.network.scaler
    assert scaler is not None
    np.testing.assert_allclose(scaler.mean, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(scaler.scale, [2.0, 0.5, 3.0])
    check(loaded, SAMPLES / "dense.npz")


def test_programs_of_older_torch_are_read_alike() -> None:
    """Before PyTorch 2.8 the graph had another name, and tensors lay in state dicts."""
    loaded = read_network(OLD, Wishes())
    assert isinstance(loaded.network, Network)
    assert loaded.network.layer_activations == ("tanh", "silu", "linear")
    check(loaded, OLD.with_suffix(".npz"))


def test_convolutions_run_as_they_are() -> None:
    """What is no stack of dense layers gives the values of its layers."""
    loaded = read_network(SAMPLES / "convolutions.pt2", Wishes())
    assert isinstance(loaded.network, GraphNetwork)
    assert loaded.layers == ("max_pool2d", "adaptive_avg_pool2d", "log_softmax")
    assert loaded.shape == (1, 1, 8, 8)
    check(loaded, SAMPLES / "convolutions.npz")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    run_torch(SCRIPT.read_text(), folder, least=(2, 6))
    return folder


@pytest.mark.parametrize("name", ["dense", "convolutions", "zoo", "branches", "double"])
@pytest.mark.parametrize("kind", ["", ".core", ".fixed"])
def test_programs_of_the_torch_that_is_here(name: str, kind: str, made: Path) -> None:
    """As exported, with ATen's core operators alone, and for a single row."""
    outputs: tuple[str, ...] = ()
    if name == "branches":
        outputs = ("addmm_2",) if kind == ".core" else ("linear_2",)
    loaded = read_network(made / f"{name}{kind}.pt2", Wishes(outputs=outputs))
    check(loaded, made / f"{name}.npz")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("training.pt2", "in training mode"),
        ("sorted.pt2", r"the program has aten\.sort\.default, which is not read here"),
        ("branches.pt2", r"2 outputs \(linear_2, squeeze\)"),
    ],
)
def test_what_is_not_read_says_what_it_has(name: str, message: str, made: Path) -> None:
    """One line, with what can be done."""
    with pytest.raises(ModelError, match=message) as caught:
        read_network(made / name, Wishes())
    assert caught.value.hint


def changed(
    folder: Path, change: Callable[[dict[str, bytes]], None], sample: Path = SAMPLES / "dense.pt2"
) -> Path:
    """A sample with other members."""
    with zipfile.ZipFile(sample) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    path = folder / "changed.pt2"
    path.write_bytes(data.getvalue())
    return path


def in_json(ending: str, change: Callable[[Any], None]) -> Callable[[dict[str, bytes]], None]:
    """A change of a member that is JSON."""

    def apply(members: dict[str, bytes]) -> None:
        (name,) = [name for name in members if name.endswith(ending)]
        content = json.loads(members[name])
        change(content)
        members[name] = json.dumps(content).encode()

    return apply


def weight(content: Any) -> Any:
    return content["config"]["first.weight"]


def meta(**facts: Any) -> Callable[[dict[str, bytes]], None]:
    """Other facts of a weight."""
    ending = "model_weights_config.json"
    return in_json(ending, lambda content: weight(content)["tensor_meta"].update(facts))


def program(change: Callable[[Any], None]) -> Callable[[dict[str, bytes]], None]:
    return in_json("models/model.json", change)


def nodes(content: Any) -> Any:
    return content["graph_module"]["graph"]["nodes"]


def size(*numbers: int) -> list[dict[str, int]]:
    return [{"as_int": number} for number in numbers]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (meta(sizes=size(1 << 31, 1 << 31), strides=size(0, 0)), "larger than its numbers"),
        (meta(sizes=size(-6, 3)), "impossible shape"),
        (meta(sizes=size(0, 1 << 62), strides=size(1, 1)), "impossible shape"),
        (meta(sizes=size(6, 3, 1)), "another number of strides"),
        (meta(storage_offset={"as_int": 1}), "larger than its numbers"),
        (meta(dtype=10), "numbers of a kind that is not read"),
        (meta(dtype=[]), "description is damaged"),
        (meta(sizes=[{"as_float": 2.0}]), "description is damaged"),
        (
            in_json("weights_config.json", lambda c: weight(c).update(use_pickle=True)),
            "'first.weight' is a Python object, which is never loaded",
        ),
        (
            in_json("weights_config.json", lambda c: weight(c).update(path_name="../../../secret")),
            "the archive holds no",
        ),
        (in_json("weights_config.json", lambda c: c["config"].clear()), "description is damaged"),
        (program(lambda c: c["schema_version"].update(major=9)), "has the version '9'"),
        (program(lambda c: c.clear()), "description is damaged"),
        (program(lambda c: nodes(c)[0].update(target="os.system")), "has os.system, which"),
        (program(lambda c: nodes(c)[0].update(outputs=[])), "gives no tensor"),
        (program(lambda c: nodes(c)[1].update(outputs=nodes(c)[0]["outputs"])), "twice"),
        (program(lambda c: nodes(c).pop(2)), "nothing in it gives"),
        (program(lambda c: nodes(c)[0]["inputs"].clear()), "arguments that it cannot have"),
        (
            program(lambda c: c["graph_module"]["graph"]["tensor_values"].clear()),
            "does not say the shape",
        ),
        (lambda members: members.clear(), "none of torch.export.save"),
    ],
)
def test_damaged_or_hostile_programs_are_refused(
    change: Callable[[dict[str, bytes]], None], message: str, tmp_path: Path
) -> None:
    """One line each, and no memory is taken for what is not there."""
    with pytest.raises(ModelError, match=re.escape(message)) as caught:
        read_network(changed(tmp_path, change), Wishes())
    assert str(caught.value).isprintable()


def pickled(data: bytes) -> bytes:
    """An archive of torch.save with this pickle."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("archive/data.pkl", data)
    return archive.getvalue()


def in_member(name: str, data: bytes | None) -> Callable[[dict[str, bytes]], None]:
    """A member with other bytes, or without it."""

    def apply(members: dict[str, bytes]) -> None:
        members.pop(name)
        if data is not None:
            members[name] = data

    return apply


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (in_member("serialized_state_dict.pt", None), "holds no 'serialized_state_dict.pt'"),
        (in_member("serialized_constants.pt", b""), "not a whole PyTorch file"),
        (in_member("serialized_constants.pt", b"PK" * 9), "not a whole PyTorch file"),
        (in_member("serialized_state_dict.pt", pickled(b"}.")), "description is damaged"),
        (in_member("serialized_state_dict.pt", pickled(b"].")), "description is damaged"),
        (in_member("serialized_state_dict.pt", pickled(b"cos\nsystem\n.")), "never loaded"),
        (
            in_json("program.json", lambda c: c["schema_version"].update(major=4)),
            "has the version '4'",
        ),
        (in_json("program.json", lambda c: c.clear()), "description is damaged"),
    ],
)
def test_older_programs_that_are_damaged_or_hostile_are_refused(
    change: Callable[[dict[str, bytes]], None], message: str, tmp_path: Path
) -> None:
    """One line each; of the state dicts nothing but tensors is ever built."""
    with pytest.raises(ModelError, match=re.escape(message)) as caught:
        read_network(changed(tmp_path, change, OLD), Wishes())
    assert str(caught.value).isprintable()


def test_large_or_deep_descriptions_are_refused(tmp_path: Path) -> None:
    """Neither depth nor length of the JSON takes memory or time."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    for text in (
        b"[" * 1_000_000,
        b"[" + b"[]," * 2_000_000 + b"[]]",
        b" " * 9_000_000,
        b"9" * 9999,
    ):

        def put(members: dict[str, bytes], text: bytes = text) -> None:
            (name,) = [name for name in members if name.endswith("models/model.json")]
            members[name] = text

        with pytest.raises(ModelError) as caught:
            read_network(changed(tmp_path, put), Wishes())
        assert str(caught.value).isprintable()
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime - before.ru_utime < 4.0  # four files


def test_files_cut_off_or_changed_give_an_answer_or_a_line(tmp_path: Path) -> None:
    """Whatever happens to the bytes."""
    whole, rng = (SAMPLES / "dense.pt2").read_bytes(), np.random.default_rng(0)
    path = tmp_path / "n.pt2"
    for length in range(0, len(whole), len(whole) // 20):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            read_network(path, Wishes())

    def shuffle(members: dict[str, bytes]) -> None:
        (name,) = [name for name in members if name.endswith("models/model.json")]
        data = bytearray(members[name])
        for place in rng.integers(len(data), size=2):
            data[place] = rng.choice(list(b'0123456789{}[]",:aeo_'))
        members[name] = bytes(data)

    for _ in range(40):
        try:
            read_network(changed(tmp_path, shuffle), Wishes())
        except ModelError as error:
            assert str(error).isprintable()  # noqa: PT017
