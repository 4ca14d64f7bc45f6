"""The check of the whole composition: where it has no value or leaves the network's range."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from programs import program
from small_run import write_config

from srnet_cli.cgp.program import Program
from srnet_cli.config.schema import Experiment
from srnet_cli.explain.document import document
from srnet_cli.explain.explaining import run
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.validity import Validity, check, regions, warnings
from srnet_cli.fit import fitting
from srnet_cli.fit.summary import document as summary
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks import Network
from srnet_cli.rendering.formats import render

FEATURES = ("x", "y")


def experiment(**dataset: object) -> Experiment:
    box = {"x": (-1.0, 1.0), "y": (0.0, 2.0)}
    settings = {"formula": "x*y", "domain": box, **dataset}
    record = {"name": "n", "dataset": settings, "network": {"train": {}}}
    return Experiment.model_validate(record)


def formula(one: Program) -> SymbolicNetwork:
    """A network of one layer that is an expression of x and y."""
    return SymbolicNetwork((SymbolicLayer((one,), np.ones((1, 1)), np.zeros(1)),), FEATURES)


def linear() -> Network:
    """The network x + y."""
    return Network((np.array([[1.0, 1.0]]),), (np.zeros(1),))


def checked(one: Program, region: str = "domain", **dataset: object) -> Validity:
    where = regions(experiment(**dataset), FEATURES, np.zeros((1, 2)))
    return check(Assessment(formula(one), linear(), {}), where)[region]


SUM = program([("add", 0, 1)], inputs=2)


def test_a_faithful_formula_is_valid() -> None:
    """Finite, and within the network's range on every row: nothing to say."""
    found = checked(SUM)
    assert (found.undefined, found.outside, found.examples) == (0, 0, ())
    assert list(warnings({"domain": found})) == []


@pytest.mark.parametrize(
    ("one", "undefined", "outside"),
    [
        (program([("sqrt", 0)], inputs=2), True, False),
        (program([("add", 0, 0), ("add", 2, 1)], inputs=2), False, True),
        (program([("sub", 1, 2), ("sqrt", 3)], 2, [1e-9]), True, False),
        (program([("sub", 2, 0), ("div", 2, 3)], 2, [1.0]), True, True),
    ],
)
def test_failures_are_found_and_shown(one: Program, undefined: bool, outside: bool) -> None:
    """No value on half the domain, or on a face alone; beyond the range; and a pole on a face. The
    examples are rows on which it is so, the worst first."""
    found = checked(one)
    assert (found.undefined > 0, found.outside > 0) == (undefined, outside)
    rows = np.array([list(row.values()) for row in found.examples])
    with np.errstate(all="ignore"):
        values = formula(one).predict(rows)[:, 0]
    if undefined:
        assert not np.isfinite(values[: min(found.undefined, 3)]).any()
    else:
        assert (np.abs(values - rows.sum(axis=1)) > 0.1).all()
    lines = list(warnings({"domain": found}))
    assert len(lines) == undefined + outside
    assert ", such as x = " in lines[0]


def test_every_corner_and_face_is_checked() -> None:
    """Rows fill the box evenly, lie on all its faces, and take in every corner."""
    X = regions(experiment(), FEATURES, np.zeros((1, 2)))["domain"]
    relative = (X - [-1.0, 0.0]) / 2.0
    assert ((relative >= 0.0) & (relative <= 1.0)).all()
    for column in relative.T:
        counts, _ = np.histogram(column[:8192], bins=64, range=(0.0, 1.0))
        assert (counts == 128).all()
        assert (column == 0.0).sum() > 1000
        assert (column == 1.0).sum() > 1000
    corners = {tuple(row) for row in relative.tolist()}
    assert {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)} <= corners


def test_regions_follow_the_inputs_not_the_box() -> None:
    """The columns stand in the inputs' order, whatever the order of the domain."""
    X = regions(experiment(), ("y", "x"), np.zeros((1, 2)))["domain"]
    assert X.min(axis=0).tolist() == [0.0, -1.0]


def test_the_extrapolation_domain_is_checked_apart() -> None:
    """log(x + 2) has no value beyond the domain only."""
    one = program([("add", 0, 2), ("log", 3)], 2, [2.0])
    beyond = {"x": (-5.0, 1.0), "y": (0.0, 2.0)}
    assert checked(one, extrapolation_domain=beyond).undefined == 0
    assert checked(one, "extrapolation", extrapolation_domain=beyond).undefined > 1000


def test_rows_on_the_diagonal_are_checked_there() -> None:
    """Where all inputs are equal by declaration, nothing else is the domain."""
    box = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    made = experiment(domain=box, sampling="diagonal")
    X = regions(made, FEATURES, np.zeros((1, 2)))["domain"]
    np.testing.assert_array_equal(X[:, 0], X[:, 1])


def test_without_a_domain_rows_are_near_the_data() -> None:
    """A table that declares none is checked between its rows."""
    train = np.random.default_rng(0).normal(size=(50, 2))
    made = experiment(formula=None, domain=None, file=Path("table.csv"))
    (name,) = found = regions(made, FEATURES, train)
    assert name == "near_data"
    assert (found[name] >= train.min(axis=0)).all()
    assert (found[name] <= train.max(axis=0)).all()


def test_many_inputs_have_no_example_in_print() -> None:
    """A row of twenty inputs is no example that fits on a line; JSON holds it."""
    row = {f"x{i}": 0.5 for i in range(20)}
    (line,) = warnings({"domain": Validity(10, 1, 0, (row,))})
    assert line == "in the domain: no value on 1 of 10 rows checked"


def remarks(text: str, names: Sequence[str]) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(tuple(names))]


def test_fit_and_explain_say_it(tmp_path: Path, runs_dir: Path) -> None:
    """What fails is in metrics, in expressions.json, and in both prints; each about what it is of:
    fit of what was found, explain of what it shows."""
    config = write_config(tmp_path, ("[add, mul, sin, cos]", "[log, div, square]"))
    result = fitting.run(config, ["evolution.generations=3"])
    said = json.loads((result.path / "expressions.json").read_text())["validity"]
    assert said == json.loads(json.dumps(result.metrics.to_dict()["validity"]))
    assert set(said) == {"domain", "extrapolation"}
    assert said["extrapolation"]["undefined"] + said["extrapolation"]["outside"] > 0
    names = ("in the domain", "in the extrapolation domain")
    assert remarks(render(summary(result), "table"), names) == list(
        warnings(result.metrics.validity)
    )
    explained = run()
    printed = render(document(explained), "table")
    assert remarks(printed, names) == list(warnings(explained.validity))
    assert explained.validity.keys() == said.keys()
