"""Model and network go over each set of rows once, and say the same as when asked directly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compared import Listener, linear_formula, network, rows
from evaluations import Evaluations, counted
from small_run import write_config

from srnet_cli.compare import comparing
from srnet_cli.explain import explaining
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.labels import decided
from srnet_cli.fit import fitting, fronts
from srnet_cli.runs.run import read_run

SETS = {"train": rows(2600), "interpolation": rows(60)}
CLASSES = """\
dataset:
  task: classification
  file: rows.csv
  target: kind
  test_fraction: 0.3
  validation_fraction: 0
"""


def classifier() -> Assessment:
    formulas = linear_formula(np.array([[1.0, -0.02], [-1.0, 0.02], [0.1, 0.0]]), np.zeros(3))
    return Assessment(formulas, network((2, 4, 3), output="softmax"), SETS)


def test_all_is_as_asked_directly() -> None:
    """To the last bit, for rows of one set as for those of several together; of the network those
    layers that the formulas have."""
    assessment = classifier()
    formulas, net = assessment.model, assessment.network
    together = np.concatenate([SETS["train"][:2000], SETS["interpolation"]])
    for known, X in (
        (assessment["train"], SETS["train"]),
        (assessment.checked, together),
    ):
        np.testing.assert_array_equal(known.X, X)
        np.testing.assert_array_equal(known.outputs, formulas.predict(X))
        np.testing.assert_array_equal(known.truth, net.predict(X))
        np.testing.assert_array_equal(known.network_labels, net.labels(X))
        np.testing.assert_array_equal(known.model_labels, decided(formulas.predict(X)))
        read = net.activations(X)[-formulas.depth :]
        for ours, theirs in zip(known.activations, read, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        for ours, theirs in zip(known.units, formulas.layer_outputs(X), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_held_out_rows_judge_else_training_rows() -> None:
    """That is decided in one place."""
    assessment = classifier()
    assert assessment.judged is assessment["interpolation"]
    alone = Assessment(assessment.model, assessment.network, {"train": SETS["train"]})
    assert alone.judged_set == "train"


def test_nothing_is_computed_twice() -> None:
    """Asking for everything, several times, is one evaluation of each set."""
    assessment = classifier()
    with counted() as seen:
        for _ in range(2):
            for known in (*assessment.values(), assessment.checked):
                _ = known.effects, known.model_labels, known.network_labels, known.layers
    assert (len(seen.network), len(seen.model)) == (2, 2)


def kinds(folder: Path, kind: str) -> Path:
    """The config of a small regression, or of a classifier on a table."""
    path = write_config(folder)
    if kind == "classes":
        rng = np.random.default_rng(0)
        X = rng.normal(size=(300, 2))
        names = np.where(X[:, 0] + X[:, 1] ** 2 > 0.5, "a", "b")
        lines = [f"{x!r},{y!r},{name}" for (x, y), name in zip(X.tolist(), names, strict=True)]
        (folder / "rows.csv").write_text("\n".join(["x,y,kind", *lines]) + "\n")
        text = path.read_text()
        begin, end = text.index("dataset:"), text.index("network:")
        path.write_text(text[:begin] + CLASSES + text[end:])
    return path


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_commands_evaluate_each_set_once(
    kind: str, tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In what fit does when its search has ended, in explain, and in compare: network and formulas
    go over training, selection, held-out and further rows once each."""

    begun: list[Evaluations] = []
    original = fronts.assessment_of

    def assessment_of(*arguments: Any) -> object:
        for kept in (begun[0].network, begun[0].model):
            kept.clear()
        return original(*arguments)

    monkeypatch.setattr(fronts, "assessment_of", assessment_of)
    with counted() as seen:
        begun.append(seen)
        made = fitting.run(kinds(tmp_path, kind)).path
    sets = read_run(made).sets
    once = dict.fromkeys(sets, (1, 1))
    assert seen.per_set(sets) == once
    with counted() as seen:
        explaining.run(str(made))
    assert seen.per_set(sets) == once
    with counted() as seen:
        comparing.run([str(made)], instances=20, reporter=Listener())
    found = seen.per_set(sets)
    # Once for the explainers and once for the formulas that are counted as printed; the plane on
    # which classes are drawn is that of the network's slopes at training rows.
    assert found.pop("train") == (2 if kind == "numbers" else 3, 1)
    assert all(network <= 1 and model == 1 for network, model in found.values())
