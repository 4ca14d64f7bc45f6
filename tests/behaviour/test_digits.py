"""A convolutional network on scikit-learn's digits, from its ONNX file to formulas of its layers.

The file is what ``bench/digits_network.py`` writes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from budgets import limit_auto

from srnet_cli.explain.hybrid import can_be_set, hybrids_of
from srnet_cli.fit import fitting
from srnet_cli.networks.readers.loaded import Wishes
from srnet_cli.networks.readers.registry import read_network
from srnet_cli.runs.run import read_run

pytest.importorskip("onnxruntime")

FILE = Path(__file__).parents[1] / "golden" / "digits" / "digits.onnx"
LAYERS = 3

CONFIG = f"""\
name: digits
dataset:
  file: train.csv
  test_file: test.csv
  target: digit
  task: classification
  oracle_rows: 0
network: {{load: {FILE}}}
evolution:
  strategy: auto
  generations: 4
  max_length: 5
  functions: [add, mul, square]
  direct_share: 0
  threads: 1
proof: {{max_seconds: 0}}
"""


def parts() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pixels and digits: to train on, to test on, as the network was."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    X, labels = load_digits(return_X_y=True)
    split = train_test_split(X / 16.0, labels, test_size=0.25, random_state=0, stratify=labels)
    train, test, train_labels, test_labels = split
    return train, test, train_labels, test_labels


def test_the_network_tells_digits_apart() -> None:
    """On rows that it was not trained on; its layers are those after nonlinearities."""
    _, test, _, labels = parts()
    loaded = read_network(FILE, Wishes(has_classes=True))
    assert loaded.network.widths == (64, 72, 32, 10)
    assert loaded.layers == ("pooled", "units", "logits")
    assert loaded.shape == (1, 1, 8, 8)
    assert np.mean(loaded.network.as_classifier().labels(test) == labels) >= 0.97


@pytest.mark.long
@pytest.mark.slow
def test_its_layers_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the end, with the agreement of every layer's formulas in the place of the layer."""
    limit_auto(monkeypatch)
    train, test, train_labels, test_labels = parts()
    names = ",".join([*(f"p{pixel}" for pixel in range(64)), "digit"])
    for name, rows, labels in (
        ("train.csv", train[:300], train_labels[:300]),
        ("test.csv", test[:100], test_labels[:100]),
    ):
        table = np.column_stack([rows, labels])
        np.savetxt(tmp_path / name, table, "%.10g", ",", header=names, comments="")
    config = tmp_path / "digits.yaml"
    config.write_text(CONFIG)
    fitted = read_run(fitting.run(config, run_dir=tmp_path / "run").path)
    assert fitted.inputs.layers == ("pooled", "units", "logits")
    made = hybrids_of(fitted).hybrids
    single = {each.first for each in made if each.kind == "single"}
    settable = {
        layer for layer in range(1, LAYERS + 1) if can_be_set(fitted.network, LAYERS, layer)
    }
    assert single == settable >= {LAYERS}
    assert made[0].agreement == 1.0
    assert all(each.agreement is not None and 0.0 <= each.agreement <= 1.0 for each in made)
