"""Certificates, confirmed part by part by a program that shares no code with the kernels."""

from __future__ import annotations

import numpy as np
import proof_checker
import pytest
import sympy
from random_formulas import X, Y

from srnet_cli.cgp.kernels.intervals.operations import NAMES
from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.networks import Network
from srnet_cli.proofs.builder import TapeBuilder, add_formula
from srnet_cli.proofs.certificate import Certificate
from srnet_cli.proofs.claims import definedness, error_bound
from srnet_cli.proofs.enclosures import Tape
from srnet_cli.proofs.networks import add_network
from srnet_cli.proofs.subdivision import Box, Budget

SQUARE = Box(np.array([-1.0, -1.0]), np.array([1.0, 1.0]))
BUDGET = Budget(boxes=200 if JIT_DISABLED else 5000)


def differences() -> Tape:
    """A formula less a network."""
    rng = np.random.default_rng(4)
    net = Network(
        weights=(rng.normal(size=(5, 2)), rng.normal(size=(1, 5))),
        biases=(rng.normal(size=5), rng.normal(size=1)),
        activation="tanh",
    )
    builder = TapeBuilder(2)
    (unit,) = add_network(builder, net, builder.inputs)[-1]
    formula = sympy.sin(2 * X) * Y + sympy.exp(X / 2) / (Y + 3)
    operands = dict(zip((X, Y), builder.inputs, strict=True))
    return builder.tape([builder.subtract(add_formula(builder, formula, operands), unit)])


def read(certificate: Certificate) -> dict[str, np.ndarray]:
    arrays = certificate.arrays("direct/it")
    return {key.removeprefix("direct/it/"): value for key, value in arrays.items()}


def test_an_error_bound_is_confirmed_part_by_part() -> None:
    """The parts make up the box, and on each of them the error is within the bound."""
    tape = differences()
    proved = error_bound(tape, SQUARE, np.zeros((1, 2)), BUDGET)
    arrays = read(Certificate("error", tape, SQUARE, proved.partition))
    low, high = proof_checker.leaves(arrays)
    assert len(low) > 10
    assert np.prod(high - low, axis=1).sum() == pytest.approx(4.0, abs=1e-9)
    pieces = proof_checker.halved(low, high, 6)
    ((below, above),), safe = proof_checker.evaluate(arrays, NAMES, *pieces)
    assert safe.all()
    assert np.maximum(above, -below).max() <= proved.bound * 1.001


def test_definedness_is_confirmed_part_by_part() -> None:
    """On every part every operation is defined."""
    builder = TapeBuilder(2)
    formula = sympy.log(X * Y + sympy.Float(1.01)) + 1 / (X**2 + Y + sympy.Float(1.05))
    operands = dict(zip((X, Y), builder.inputs, strict=True))
    tape = builder.tape([add_formula(builder, formula, operands)])
    proved = definedness(tape, SQUARE, BUDGET)
    assert proved.verdict == "proved"
    arrays = read(Certificate("defined", tape, SQUARE, proved.partition))
    _, safe = proof_checker.evaluate(arrays, NAMES, *proof_checker.leaves(arrays))
    assert safe.all()


def test_a_forged_certificate_is_not_confirmed() -> None:
    """With a cut left out, or a pole put in, the checker does not agree."""
    builder = TapeBuilder(2)
    operands = dict(zip((X, Y), builder.inputs, strict=True))
    tape = builder.tape([add_formula(builder, 1 / (X + 2), operands)])
    proved = definedness(tape, SQUARE, BUDGET)
    arrays = read(Certificate("defined", tape, SQUARE, proved.partition))
    arrays["tape.low"] = np.where(arrays["tape.low"] == 2.0, 0.5, arrays["tape.low"])
    _, safe = proof_checker.evaluate(arrays, NAMES, *proof_checker.leaves(arrays))
    assert not safe.all()
