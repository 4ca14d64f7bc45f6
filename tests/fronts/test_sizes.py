"""The estimated size of a formula, beside that of the simplified one."""

from __future__ import annotations

import numpy as np
import pytest
from programs import program

from srnet_cli.cgp.program import Program
from srnet_cli.expressions import complexity, feature_symbols, simplify, to_sympy
from srnet_cli.fronts.sizes import size

X = np.random.default_rng(0).uniform(0.5, 2, (50, 2))


@pytest.mark.parametrize(
    "one",
    [
        program([], inputs=2, output=1),
        program([("sin", 0)], inputs=2),
        program([("add", 0, 1)], inputs=2, coefficients=[(2.5, 3.5)]),
        program([("add", 0, 1), ("add", 2, 0)], inputs=2, coefficients=[(2.5, 3.5), (0.3, 4.5)]),
        program([("add", 0, 2), ("exp", 3)], inputs=2, constants=[0.7]),
        program([("sub", 0, 1), ("cos", 2)], inputs=2),
        program([("mul", 2, 3), ("add", 4, 0)], inputs=2, constants=[0.7, 1.9]),
        program([("div", 0, 1)], inputs=2),
        program([("sigmoid", 0)], inputs=2),
        program([("sub", 0, 0)], inputs=2),
    ],
    ids=repr,
)
def test_sizes_are_those_of_simplified_formulas(one: Program) -> None:
    """Sums collected, constants folded: the same number of nodes as SymPy's tree."""
    symbols = feature_symbols(["x", "y"])
    assert size(one) == complexity(simplify(to_sympy(one, symbols), symbols, X))


def test_shared_results_count_each_time() -> None:
    """As in the formula that is printed: two to the number of squares' sums."""
    chain = [("mul", slot, slot) for slot in range(10)]
    assert size(program(chain)) == 2**11 - 1
