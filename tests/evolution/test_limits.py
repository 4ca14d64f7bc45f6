"""Searches under limits: what they find keeps them, whatever the strategy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from problems import network_problem

from srnet_cli.cgp.program import Program
from srnet_cli.config.schema import AutoSettings
from srnet_cli.evolution.auto import strategy
from srnet_cli.evolution.auto.budget import Budget, LayerBudget
from srnet_cli.evolution.direct.strategy import Direct
from srnet_cli.evolution.limits import limited_functions, limits_of
from srnet_cli.evolution.mnncgp import strategy as mnncgp
from srnet_cli.evolution.strategies import STRATEGIES
from srnet_cli.primitives import PRIMITIVES

LIMITS = {
    "functions": ("add", "mul", "sin", "cos", "square"),
    "max_depth": 4,
    "max_uses": {"cos": 1, "mul": 0},
    "max_nesting": {"sin": {"sin": 0, "cos": 0}},
}


def paths(program: Program, slot: int) -> Iterator[tuple[str, ...]]:
    """The functions met on every way from a slot down to a leaf."""
    i = slot - program.inputs - len(program.constants)
    if i < 0:
        yield ()
        return
    primitive = PRIMITIVES[program.ops[i]]
    for operand in program.args[i, : primitive.arity]:
        for path in paths(program, int(operand)):
            yield (primitive.name, *path)


def uses(program: Program, slot: int, name: str) -> int:
    i = slot - program.inputs - len(program.constants)
    if i < 0:
        return 0
    primitive = PRIMITIVES[program.ops[i]]
    operands = program.args[i, : primitive.arity]
    return (primitive.name == name) + sum(uses(program, int(one), name) for one in operands)


def keeps(program: Program) -> bool:
    """Whether an expression keeps ``LIMITS``."""
    ways = list(paths(program, program.output))
    inside = [way[place + 1 :] for way in ways for place, name in enumerate(way) if name == "sin"]
    return (
        all(len(way) <= 4 for way in ways)
        and all({"sin", "cos"}.isdisjoint(way) for way in inside)
        and uses(program, program.output, "cos") <= 1
        and uses(program, program.output, "mul") == 0
    )


def programs(name: str, **changes: object) -> list[Program]:
    """All expressions that a short search finds."""
    problem = network_problem((2, 3, 1), 60)
    if name == "auto":
        changes["direct_share"] = 0
    settings = STRATEGIES[name].settings.model_validate(changes)
    if name == "direct":
        direct = Direct(problem, settings, 1)
        found = direct.init()
        direct.advance(found, 3)
        return [member.program for front in found.fronts for member in front.members]
    if name == "auto":
        budget = Budget(layer=LayerBudget(offspring=60))
        module, search, generations = (
            strategy,
            strategy.Auto(problem, settings, 1, budget=budget),
            6,
        )
    else:
        module, search, generations = mnncgp, mnncgp.MnncgpEs(problem, settings, 1), 60
    state = search.init()
    search.advance(state, generations)
    layers = module.symbolic_layers(state, problem.widths, settings)
    return [program for layer in layers for program in layer.programs]


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_what_is_found_keeps_the_limits(name: str) -> None:
    """Depth, uses and nesting of every expression, told by walking the trees; without limits the
    same search breaks some, so the test can fail."""
    assert all(map(keeps, programs(name, **LIMITS)))
    assert not all(map(keeps, programs(name, functions=LIMITS["functions"])))


def test_settings_become_rows() -> None:
    """Every limit is one row of opcodes; without settings there is none."""
    limits = limits_of(AutoSettings.model_validate(LIMITS))
    assert limits.depth == 4
    np.testing.assert_array_equal(limits.uses, [[8, 1], [2, 0]])
    np.testing.assert_array_equal(limits.nesting, [[7, 7, 0], [7, 8, 0]])
    none = limits_of(AutoSettings())
    assert none.depth == 0
    assert none.uses.shape == (0, 2)
    assert none.nesting.shape == (0, 3)


def test_limited_functions_are_all_that_a_limit_names() -> None:
    """Inner and outer ones, and those with a number of uses."""
    settings = AutoSettings.model_validate(LIMITS)
    assert limited_functions(settings) == {"cos", "mul", "sin"}
