"""Small compositions of weighted expressions, for what refines them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder
from srnet_cli.evolution.auto.composition import Composition, Layer
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


def expressions_and_inputs(layer: Layer) -> tuple[int, list[int]]:
    """How many expressions a layer has, and the inputs that its readout takes beside them."""
    outputs = [int(chromosome.genes[-1]) for chromosome in layer.chromosomes]
    inputs = [output for output in outputs if output < layer.decoder.inputs]
    return len(outputs) - len(inputs), inputs


def composed(
    problem: Problem, seed: int = 0, outputs: tuple[str, ...] = ("tanh", "sin")
) -> Composition:
    """Expressions of tanh and sin in every hidden layer, readouts solved by least squares.

    Args:
        problem: what to compose for.
        seed: of the weights.
        outputs: functions of the last layer's expressions.
    """
    rng = np.random.default_rng(seed)
    layers = []
    for index, (d, m) in enumerate(pairwise(problem.widths), 1):
        decoder = Decoder.reading(d, FUNCTIONS)
        names = outputs if index == len(problem.targets) else ("tanh", "sin")
        chromosomes = [chromosome(decoder, name, *rng.normal(size=3)) for name in names]
        layers.append(Layer.unsolved(decoder, chromosomes, np.zeros(m)))
    return Composition(tuple(layers)).solved(problem.inputs, problem.targets)
