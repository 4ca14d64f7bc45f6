"""Expressions that live on rounding errors are told from those that do not."""

from __future__ import annotations

import numpy as np
import pytest
from programs import program

from oracles import interpret
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.auto.layer.rounding import amplifies_rounding, jittered

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.uniform(-1, 1, 300), 0.3 + 1e-16 * RNG.integers(-2, 3, 300)])


def is_noise(one: Program) -> bool:
    return amplifies_rounding(one, jittered(X), interpret(one, X))


def steep(slot: int, weight: float) -> Program:
    """sin(weight·x − 0.3·weight)"""
    edges = [(weight, -0.3 * weight), (1.0, 1.0)]
    return program([("add", slot, 2), ("sin", 3)], 2, [1.0], edges)


@pytest.mark.parametrize("weight", [1.0, 100.0, 1e4])
def test_steep_functions_of_what_varies_are_kept(weight: float) -> None:
    """However steep a function is that another computer would compute alike."""
    assert not is_noise(steep(0, weight))


@pytest.mark.parametrize("weight", [1e10, 1e15])
def test_what_magnifies_the_last_digits_is_noise(weight: float) -> None:
    """Of a constant unit there is nothing to be made but noise, nor of digits beyond the last."""
    assert is_noise(steep(1, weight))
    assert is_noise(steep(0, weight))


def test_differences_of_equal_units_are_noise() -> None:
    """x − (x + 0.1) + 0.1 is zero but for rounding, whatever it is multiplied with."""
    one = program([("add", 0, 2), ("sub", 0, 3), ("add", 4, 2)], 2, [0.1])
    assert np.ptp(interpret(one, X)) > 0.0
    assert is_noise(one)
