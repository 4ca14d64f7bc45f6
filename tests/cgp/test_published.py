"""An outside oracle: the authors' own evolved chromosomes and the errors that these reached."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from oracles import interpret_genes
from srnet_cli.cgp.genotype import Grid, decode
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.primitives import PUBLISHED_FUNCTIONS, function_set

NAMES = [f"{family}{number}" for family in "KF" for number in range(6)]
FUNCTIONS = function_set(PUBLISHED_FUNCTIONS)
OPCODES = np.array([primitive.opcode for primitive in FUNCTIONS])


class Published:
    """The best individual of the first published trial on one network.

    Attributes:
        X: the published rows, (n, d).
        activations: of the published network on them, (n, m_l) for every layer.
        mse: of the published layers on them, (L,).
        genes, constants, readouts: of every layer.
    """

    def __init__(self, folder: Path, name: str) -> None:
        record = json.loads((folder / f"{name}.json").read_text())
        with np.load(folder / f"{name}.npz") as arrays:
            self.X = arrays["X"]
            self.activations = self._forward(arrays, len(record["neurons"]) - 1)
        elite = record["elite0"]
        self.mse = record["elite0_layer_mse_on_X"]
        self.genes = [np.array(genes, dtype=np.int32) for genes in elite["genes"]]
        self.constants = [np.array(values) for values in elite["constants"]]
        weights = [np.array(values).reshape(1, -1) for values in elite["weights"]]
        self.readouts = list(zip(weights, map(np.ravel, elite["bias"]), strict=True))

    def _forward(self, arrays, layers):
        """What the network computes: sigmoid layers and a linear output, in 64 bits."""
        h = self.X
        activations = []
        for layer in range(1, layers + 1):
            h = h @ arrays[f"weight{layer}"].T.astype(float) + arrays[f"bias{layer}"]
            with np.errstate(over="ignore"):
                h = h if layer == layers else 1 / (1 + np.exp(-h))
            activations.append(h)
        return activations

    def programs(self):
        """The chromosomes, decoded by the kernels."""
        widths = [self.X.shape[1], *(h.shape[1] for h in self.activations)]
        for inputs, genes, constants in zip(widths, self.genes, self.constants, strict=False):
            grid = Grid(inputs, len(constants), rows=5, columns=5, levels_back=5)
            assert len(genes) == grid.genes
            yield decode(genes, grid, OPCODES, constants)


@pytest.fixture(scope="module", params=NAMES)
def published(request, shared):
    """One published file after the other."""
    return Published(shared / "paper" / "regression", request.param)


def test_the_kernels_reproduce_the_published_errors(published):
    """Decoded, evaluated and read out by the kernels, every layer has its published error."""
    layers = tuple(
        SymbolicLayer((program,), weights, bias)
        for program, (weights, bias) in zip(published.programs(), published.readouts, strict=True)
    )
    features = tuple(f"x{i}" for i in range(published.X.shape[1]))
    outputs = SymbolicNetwork(layers, features).layer_outputs(published.X)
    errors = [np.mean((h - t) ** 2) for h, t in zip(outputs, published.activations, strict=True)]
    np.testing.assert_allclose(errors, published.mse, rtol=1e-6)


def test_the_chromosomes_mean_what_their_authors_meant(published):
    """The genes as published, walked in plain NumPy without decoding, have the same errors."""
    values = published.X
    errors = []
    for layer, (weights, bias) in enumerate(published.readouts):
        genes, constants = published.genes[layer], published.constants[layer]
        f = interpret_genes(genes, FUNCTIONS, constants, values)
        values = f[:, None] * weights + bias
        errors.append(np.mean((values - published.activations[layer]) ** 2))
    np.testing.assert_allclose(errors, published.mse, rtol=1e-6)
