"""Halls of fame of layers: formulas of single units, from the outputs down."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.limits import Limits, no_limits
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.problem import Problem
from srnet_cli.fronts.halls import MOST_UNITS, Hall, HallSettings, inputs_read, layer_halls
from srnet_cli.metrics import r2
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

Array = NDArray[np.float64]

FUNCTIONS = (*PUBLISHED_FUNCTIONS, "tanh")


def settings(generations: int = 24, limits: Limits | None = None) -> HallSettings:
    return HallSettings(FUNCTIONS, limits or no_limits(), 24, generations)


def problem(widths: tuple[int, ...], rows: int = 120, seed: int = 0) -> Problem:
    """A network of tanh units with a linear last layer, on random rows."""
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(-1.0, 1.0, (2 * rows, widths[0]))
    units, targets = inputs, list[Array]()
    for number, (d, m) in enumerate(itertools.pairwise(widths)):
        units = units @ rng.normal(0.0, 1.0 / np.sqrt(d), (d, m)) + rng.normal(0.0, 0.3, m)
        units = np.tanh(units) if number + 2 < len(widths) else units
        targets.append(units)
    return Problem(inputs, tuple(targets), rows)


def members_by_layer(given: Problem, halls: tuple[Mapping[int, Hall], ...]) -> None:
    assert len(halls) == len(given.targets)
    for index, layer in enumerate(halls):
        reads = given.targets[index - 1] if index else given.inputs
        assert 0 < len(layer) <= MOST_UNITS
        for unit, hall in layer.items():
            target = given.targets[index][:, unit]
            assert list(hall) == sorted(hall, key=lambda member: member.nodes)
            for member in hall:
                values = member.predict(reads[: given.fit_rows])
                says = 1.0 - r2(target[: given.fit_rows], values)
                assert member.error == pytest.approx(says, rel=1e-6, abs=1e-9)


def test_halls_end_when_time_is_up() -> None:
    """Every unit has a formula even so."""
    halls = layer_halls(problem((2, 3, 1)), replace(settings(), is_late=lambda: True))
    assert halls is not None
    assert all(hall for layer in halls for hall in layer.values())


def test_members_are_worth_what_they_say() -> None:
    given = problem((2, 3, 2, 1))
    halls = layer_halls(given, settings())
    assert halls is not None
    members_by_layer(given, halls)


def test_units_that_follow_from_others_are_not_read() -> None:
    given = problem((2, 2, 1))
    first = given.targets[0]
    copies = np.column_stack([first, 2.0 * first[:, 0] - 1.0, np.full(len(first), 0.5)])
    given = Problem(given.inputs, (copies, given.targets[1]), given.fit_rows)
    halls = layer_halls(given, settings())
    assert halls is not None
    read = {unit for hall in halls[1].values() for m in hall for unit in inputs_read(m.program)}
    assert read <= {0, 1, 2}
    assert len(read) <= 2


def test_the_same_again() -> None:
    given = problem((2, 2, 1))
    ours, theirs = (layer_halls(given, settings()) for _ in range(2))
    assert ours is not None
    assert theirs is not None
    for a, b in zip(ours, theirs, strict=True):
        assert [[(m.nodes, m.error) for m in hall] for hall in a.values()] == [
            [(m.nodes, m.error) for m in hall] for hall in b.values()
        ]


def test_a_layer_of_a_hundred_units_has_few_halls() -> None:
    given = problem((3, 100, 1), rows=60)
    halls = layer_halls(given, settings(generations=40))
    assert halls is not None
    assert len(halls[0]) <= MOST_UNITS


def test_too_many_outputs_or_too_few_generations_have_none() -> None:
    assert layer_halls(problem((2, 3, MOST_UNITS + 1)), settings(1000)) is None
    assert layer_halls(problem((2, 3, 1)), settings(generations=3)) is None


def test_constant_layers_have_constant_formulas() -> None:
    given = problem((2, 3, 1))
    still = Problem(given.inputs, (np.full((240, 3), 0.25), np.full((240, 1), 2.0)), given.fit_rows)
    halls = layer_halls(still, settings())
    assert halls is not None
    (member,) = halls[1][0]
    np.testing.assert_allclose(member.predict(still.targets[0]), 2.0)


def test_limits_hold_in_every_member() -> None:
    shallow = Limits(1, no_limits().uses, no_limits().nesting)
    halls = layer_halls(problem((2, 2, 1)), settings(limits=shallow))
    assert halls is not None
    for layer in halls:
        assert all(len(member.program) <= 3 for hall in layer.values() for member in hall)


def test_inputs_read_are_those_of_arguments_in_use() -> None:
    sine_of_second = Program(3, np.ones(1), np.array([7]), np.array([[1, 2]]), 4, np.ones((1, 2)))
    assert inputs_read(sine_of_second) in ({1}, {1, 2})
    identity = Program(3, np.ones(1), np.zeros(0, np.int64), np.zeros((0, 2), np.int64), 2)
    assert inputs_read(identity) == {2}
