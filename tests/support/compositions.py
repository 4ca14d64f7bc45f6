"""Small compositions of weighted expressions, for what refines them."""

from __future__ import annotations

import numpy as np

from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder
from srnet_cli.evolution.auto.composition import Layer, solve_readouts
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

FUNCTIONS = (*PUBLISHED_FUNCTIONS, "tanh")


def chromosome(decoder: Decoder, function: str, *weights: float) -> Chromosome:
    """function(w0 · first input + w1 · last input + w2)."""
    genes, edges, d = decoder.empty().genes.copy(), decoder.empty().edges.copy(), decoder.inputs
    add, outer = (FUNCTIONS.index(name) for name in ("add", function))
    genes[:9] = np.ravel([(add, 0, d - 1), (add, d + 1, d), (outer, d + 2, d + 2)])
    genes[-1] = d + 3
    edges[0], edges[1, 1] = weights[:2], weights[2]
    return Chromosome(genes, edges)


def composed(problem: Problem, seed: int = 0) -> tuple[list[Decoder], list[Layer]]:
    """Two expressions a layer, readouts solved by least squares."""
    rng = np.random.default_rng(seed)
    decoders = [Decoder.of(d, FUNCTIONS) for d in problem.widths[:-1]]
    layers = [
        Layer(
            tuple(chromosome(decoder, name, *rng.normal(size=3)) for name in ("tanh", "sin")),
            np.zeros((2, m)),
            np.zeros(m),
        )
        for decoder, m in zip(decoders, problem.widths[1:], strict=True)
    ]
    return decoders, solve_readouts(layers, decoders, problem.inputs, problem.targets)
