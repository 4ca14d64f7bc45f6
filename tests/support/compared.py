"""Runs made by hand for tests of comparisons: what they explain and their formulas are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from programs import program

from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks import Network, Provenance, Scaler
from srnet_cli.networks.activations import Activation, OutputActivation
from srnet_cli.runs.records import Inputs
from srnet_cli.runs.run import FittedRun


def network(
    widths: Sequence[int] = (2, 4, 1),
    activation: Activation = "tanh",
    output: OutputActivation = "linear",
    scaler: Scaler | None = None,
) -> Network:
    """A network with random weights."""
    rng = np.random.default_rng(7)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    return Network(
        tuple(rng.normal(size=shape) for shape in shapes),
        tuple(rng.normal(size=shape[0]) for shape in shapes),
        activation,
        output,
        scaler,
    )


def linear_formula(
    slopes: np.ndarray, bias: np.ndarray, output: OutputActivation = "linear"
) -> SymbolicNetwork:
    """The formulas ``x @ slopes.T + bias``: one expression an input, read out linearly."""
    inputs = slopes.shape[1]
    programs = tuple(program([], inputs=inputs, output=slot) for slot in range(inputs))
    layer = SymbolicLayer(programs, slopes.T.copy(), bias)
    return SymbolicNetwork((layer,), tuple(f"x{i}" for i in range(inputs)), None, output)


def rows(count: int, low: float = -1.0, high: float = 1.0, inputs: int = 2) -> np.ndarray:
    """Uniform rows, with a scale of its own for every input."""
    scales = np.resize([1.0, 50.0, 0.02, 3.0], inputs)
    return np.random.default_rng(count).uniform(low, high, (count, inputs)) * scales


def inputs_record(features: Sequence[str], classes: Sequence[str] = ()) -> Inputs:
    """What ``inputs.json`` of a run on rows of target y would hold."""
    return Inputs(
        features=tuple(features),
        target="y",
        task="classification" if classes else "regression",
        classes=tuple(classes),
        network=Provenance("file", "network.npz"),
        quality=None,
        config_sha256="",
        dataset_sha256="",
        network_sha256="",
    )


def fitted(
    net: Network, model: SymbolicNetwork, inputs: int = 2, classes: Sequence[str] = ()
) -> FittedRun:
    """A run that never was: formulas for a network, and rows of three sets."""
    return FittedRun(
        path=Path("run"),
        is_done=False,
        inputs=inputs_record(model.features, classes),
        model=model,
        network=net,
        sets={
            "train": rows(200, inputs=inputs),
            "interpolation": rows(60, inputs=inputs),
            "extrapolation": rows(50, -2.0, 2.0, inputs=inputs),
        },
        trial=1,
        trials=1,
        generations=9,
    )


class Listener:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.steps: list[tuple[int, int]] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def step(self, done: int, total: int, what: str) -> None:
        self.steps.append((done, total))
