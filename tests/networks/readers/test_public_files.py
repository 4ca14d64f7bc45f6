"""Public networks: each either loads and agrees with onnxruntime, or is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srnet_cli.errors import ModelError
from srnet_cli.networks import softmax
from srnet_cli.networks.readers.loaded import Wishes
from srnet_cli.networks.readers.registry import read_network

pytest.importorskip("onnxruntime")

from onnx_models import run

FOLDER = Path(__file__).parents[4] / "shared" / "networks"
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.onnx"))

REFUSED = {
    "odd/certificate_and_controller_mandal.onnx": "3 outputs (output_1, output_2, output_3)",
    "odd/multiInput_add.onnx": "2 outputs (Y, relu1)",
    "odd/oneInput_twoBranches.onnx": "2 outputs (Y, add1)",
    "odd/zoo-constant.onnx": "does not depend on the input",
    "odd/zoo-dropout_training_mode_true.onnx": "random values",
}
CHOSEN = {
    "odd/certificate_and_controller_mandal.onnx": "output_1",
    "odd/multiInput_add.onnx": "Y",
    "odd/oneInput_twoBranches.onnx": "Y",
}


def check(path: Path, wishes: Wishes) -> None:
    """What is read gives what onnxruntime gives on a random input of the file's own shape."""
    import onnxruntime

    network = read_network(path, wishes).network
    data = path.read_bytes()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    d = network.widths[0]
    rng = np.random.default_rng(1)
    feeds, columns = {}, []
    used = list(session.get_inputs())
    for port in used:
        shape = [size if isinstance(size, int) else 5 for size in port.shape]
        feeds[port.name] = rng.uniform(-1, 1, shape).astype(np.float32)
        columns.append(
            feeds[port.name].reshape(
                1 if len(used) > 1 else -1, d if len(used) == 1 else feeds[port.name].size
            )
        )
    X = np.concatenate(columns, axis=1).astype(np.float64)
    name = wishes.outputs[0] if wishes.outputs else session.get_outputs()[0].name
    expected = run(data, feeds, name)
    found = network.predict(X[:, :d])
    if network.output_activation == "softmax":
        found = softmax(found)
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found.reshape(-1), expected.reshape(-1), rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("name", FILES or ["none"])
def test_public_file(name: str, shared: Path) -> None:
    """It agrees with onnxruntime, or one line says what it has."""
    path = shared / "networks" / name
    if name not in REFUSED:
        check(path, Wishes())
        return
    with pytest.raises(ModelError) as caught:
        read_network(path, Wishes())
    assert REFUSED[name] in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [name for name in FILES if name in CHOSEN] or ["none"])
def test_a_chosen_output_agrees(name: str, shared: Path) -> None:
    """What was refused for its several outputs is read once one is named."""
    check(shared / "networks" / name, Wishes(outputs=(CHOSEN[name],)))


def test_acas_xu_is_the_same_in_both_formats(shared: Path) -> None:
    """The text in feet and radians, and the graph in normalised inputs, are one network."""
    folder = shared / "networks"
    text = read_network(folder / "acasxu_1_1.nnet", Wishes())
    graph = read_network(folder / "acasxu_1_1.onnx", Wishes()).network
    assert text.domain is not None
    low, high = np.array(list(text.domain.values())).T
    X = np.random.default_rng(0).uniform(low, high, (200, 5))
    scaler = text.network.scaler
    assert scaler is not None
    # The header's last mean and range are those of the outputs.
    expected = graph.predict(scaler(X)) * 373.94992 + 7.5188840201005975
    np.testing.assert_allclose(text.network.predict(X), expected, rtol=0, atol=2e-3)


@pytest.mark.skipif(not FILES, reason="needs the public networks")
def test_averaged_maps_of_a_graph_that_mixes_rows_are_refused() -> None:
    """A batch that is not the first axis is told, where the graph is run as it is."""
    with pytest.raises(ModelError, match="does not take each row by itself"):
        read_network(FOLDER / "odd/fc_matMul.onnx", Wishes(maps="mean"))
