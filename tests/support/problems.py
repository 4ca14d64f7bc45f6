"""Small problems for the search: rows of random networks, ordinary ones and corner cases."""

from __future__ import annotations

import numpy as np

from srnet_cli.evolution.problem import Problem


def network_problem(
    widths: tuple[int, ...], fit: int, select: int = 0, *, wide: float = 1.0, seed: int = 0
) -> Problem:
    """Activations of a random tanh network with a linear output.

    Args:
        widths: d, m_1, …, m_L.
        fit: rows that fit the readouts, uniform in [-1, 1]^d.
        select: further rows, uniform in [-wide, wide]^d.
        seed: seed of rows and weights.
    """
    rng = np.random.default_rng(seed)
    inputs = np.concatenate(
        [rng.uniform(-1, 1, (fit, widths[0])), rng.uniform(-wide, wide, (select, widths[0]))]
    )
    targets = []
    h = inputs
    for layer, width in enumerate(widths[1:], 2):
        h = h @ rng.normal(size=(h.shape[1], width)) * 2 + rng.normal(size=width)
        h = h if layer == len(widths) else np.tanh(h)
        targets.append(h)
    return Problem(inputs, tuple(targets), fit)


def random_problem(rng: np.random.Generator) -> Problem:
    """A problem of any shape and scale, at times with constant or duplicated units."""
    widths = tuple(int(m) for m in rng.integers(1, 5, rng.integers(2, 6)))
    problem = network_problem(
        widths,
        int(rng.choice([1, 2, 5, 30, 100, 400])),
        int(rng.choice([0, 0, 3, 30, 120])),
        wide=float(rng.choice([1, 2, 5])),
        seed=int(rng.integers(2**32)),
    )
    targets = []
    for values in problem.targets:
        kind = rng.choice(["plain", "constant", "duplicated"], p=[0.8, 0.1, 0.1])
        if kind == "constant":
            values = np.full_like(values, 0.3)
        if kind == "duplicated":
            values = np.repeat(values[:, :1], values.shape[1], axis=1)
        targets.append(values)
    targets[-1] = targets[-1] * 10 ** rng.uniform(-3, 4) + 10 ** rng.uniform(-3, 3)
    inputs = problem.inputs * 10 ** rng.uniform(-3, 3)
    return Problem(inputs, tuple(targets), problem.fit_rows)


def with_constant_layer() -> Problem:
    """A hidden layer whose units never change."""
    problem = network_problem((2, 3, 1), 40, 10, seed=1)
    return Problem(problem.inputs, (np.full((50, 3), 0.3), problem.targets[1]), 40)


def with_constant_inputs() -> Problem:
    """Inputs that tell the rows nothing, so that every expression is constant."""
    problem = network_problem((2, 3, 1), 30, seed=2)
    return Problem(np.full((30, 2), 0.7), problem.targets, 30)


def with_duplicated_units() -> Problem:
    """A layer that repeats one unit, and an output that repeats it once more."""
    problem = network_problem((2, 1, 1), 50, 15, wide=2, seed=3)
    hidden, output = problem.targets
    return Problem(problem.inputs, (np.repeat(hidden, 6, axis=1), np.tile(output, 2)), 50)


def with_scales() -> Problem:
    """Inputs and outputs of magnitudes as physical constants have them."""
    problem = network_problem((3, 2, 2), 60, 20, seed=4)
    inputs = problem.inputs * np.array([1e-11, 1.0, 1e8])
    return Problem(inputs, (problem.targets[0], 1e9 + 1e4 * problem.targets[1]), 60)


PROBLEMS = {
    "one layer": network_problem((2, 1), 50, seed=5),
    "two layers": network_problem((2, 3, 1), 60, 20, seed=6),
    "three layers": network_problem((1, 3, 3, 1), 80, 30, wide=2, seed=7),
    "four layers": network_problem((3, 2, 4, 3, 2), 40, 10, seed=8),
    "many blocks": network_problem((2, 2, 1), 700, 300, wide=2, seed=9),
    "poles between the rows": network_problem((1, 2, 1), 25, 200, wide=30, seed=10),
    "one row": network_problem((2, 3, 1), 1, seed=11),
    "one row to fit on": network_problem((2, 3, 1), 1, 30, seed=12),
    "units of width one": network_problem((1, 1, 1, 1), 64, seed=13),
    "constant layer": with_constant_layer(),
    "constant inputs": with_constant_inputs(),
    "duplicated units": with_duplicated_units(),
    "physical scales": with_scales(),
}


def class_problem(widths: tuple[int, ...], fit: int, select: int = 0, *, seed: int = 0) -> Problem:
    """``network_problem`` of a classifier, its last targets being centred logits."""
    problem = network_problem(widths, fit, select, seed=seed)
    *hidden, logits = problem.targets
    centred = logits - logits.mean(axis=1, keepdims=True)
    return Problem(problem.inputs, (*hidden, centred), fit, has_classes=True)
