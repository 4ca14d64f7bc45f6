"""Trained networks that people use, as their makers store them, and two that are trained here."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.schema import NetworkSettings
from srnet_cli.datasets.dataset import Domain
from srnet_cli.networks import Network, TrainedNetwork, save_network
from srnet_cli.networks.opening import open_network
from srnet_cli.rng import stream

Array = NDArray[np.float64]
Decision = Literal["argmax", "argmin"]

TRAINING_ROWS = 20_000
_FLOW_STEPS = 50
_INERTIA = np.array([1.0, 2.0, 3.0])


@dataclass(frozen=True)
class RealNetwork:
    """A network, and the domain that it is used on.

    Attributes:
        settings: the section ``network`` of its config.
        box: the interval of every input, by name, in the inputs' order.
        decision: how its outputs decide; None where they are the answer themselves.
    """

    settings: dict[str, Any]
    box: dict[str, tuple[float, float]]
    decision: Decision | None = None

    @cached_property
    def network(self) -> TrainedNetwork:
        """The network; a standardisation of its inputs is part of it."""
        settings = NetworkSettings.model_validate(self.settings)
        return open_network(settings, "regression").loaded.network

    def rows(self, n: int, *names: str | int) -> Array:
        """Uniform rows of the domain, (n, d), from the stream with these names."""
        return Domain.from_box(self.box).sample(n, stream(0, "real networks", *names))

    def decisions(self, outputs: Array) -> NDArray[np.int64]:
        """What outputs, (n, m), decide, (n,)."""
        scores = -outputs if self.decision == "argmin" else outputs
        return np.asarray(scores.argmax(axis=1))


def networks_dir() -> Path:
    """The folder with the networks' files."""
    folder = os.environ.get("SRNET_NETWORKS_DIR")
    if not folder:
        sys.exit("set SRNET_NETWORKS_DIR to the folder with acasxu_1_1.nnet and the others")
    return Path(folder).resolve()


def _from_file(
    name: str, ends: Sequence[tuple[float, float]], decision: Decision | None, **settings: Any
) -> RealNetwork:
    box = {f"x{number}": interval for number, interval in enumerate(ends)}
    return RealNetwork({"load": str(networks_dir() / name), **settings}, box, decision)


def _acas_xu(trained: Path) -> RealNetwork:
    turn, speed = (-3.141593, 3.141593), (0.0, 1200.0)
    ends = [(0.0, 60760.0), turn, turn, (100.0, 1200.0), speed]
    return _from_file("acasxu_1_1.nnet", ends, "argmin")


def _hcas(trained: Path) -> RealNetwork:
    ends = [(-56000.0, 56000.0), (-56000.0, 56000.0), (-3.141593, 3.141593)]
    return _from_file("hcas_pra0_tau00.nnet", ends, "argmax")


def _vcas(trained: Path) -> RealNetwork:
    ends = [(-8000.0, 8000.0), (-100.0, 100.0), (-100.0, 100.0), (0.0, 40.0)]
    return _from_file("vcas_pra01.nnet", ends, "argmax")


def _cartpole(trained: Path) -> RealNetwork:
    layers = ["mlp_extractor.policy_net.0", "mlp_extractor.policy_net.2", "action_net"]
    ends = [(-2.4, 2.4), (-3.0, 3.0), (-0.21, 0.21), (-3.5, 3.5)]
    return _from_file("cartpole_policy.pth", ends, "argmax", layers=layers, activation="tanh")


def _go1(trained: Path) -> RealNetwork:
    ends = [(-1.0, 1.0)] * 3 + [(-10.0, 10.0)] * 3
    return _from_file("unitree_go1.torchscript.pt", ends, None, activation="softsign")


def _van_der_pol(trained: Path) -> RealNetwork:
    box = {"x0": (-3.0, 3.0), "x1": (-3.0, 3.0), "x2": (0.0, 1.0)}
    path = _trained("van-der-pol", box, flow, (32, 32), "relu", trained)
    return RealNetwork({"load": str(path)}, box)


def _rigid_body(trained: Path) -> RealNetwork:
    box = {f"x{number}": (-2.0, 2.0) for number in range(6)}
    path = _trained("rigid-body", box, rates, (64, 64, 64), "sigmoid", trained)
    return RealNetwork({"load": str(path)}, box)


NETWORKS: dict[str, Callable[[Path], RealNetwork]] = {
    "van-der-pol": _van_der_pol,
    "rigid-body": _rigid_body,
    "go1": _go1,
    "acas-xu": _acas_xu,
    "hcas": _hcas,
    "vcas": _vcas,
    "cartpole": _cartpole,
}
"""What makes every network, given the folder of those that are trained here."""


def flow(rows: Array) -> Array:
    """Where a van der Pol oscillator, μ = 1, is after a time, and its energy there.

    Args:
        rows: position, velocity and time, (n, 3).

    Returns:
        position, velocity and half the sum of their squares, (n, 3), by the classical Runge–Kutta
        method.
    """
    state, step = rows[:, :2].T, rows[:, 2] / _FLOW_STEPS

    def slope(at: Array) -> Array:
        return np.stack([at[1], (1.0 - at[0] ** 2) * at[1] - at[0]])

    for _ in range(_FLOW_STEPS):
        first = slope(state)
        second = slope(state + step / 2.0 * first)
        third = slope(state + step / 2.0 * second)
        last = slope(state + step * third)
        state = state + step / 6.0 * (first + 2.0 * second + 2.0 * third + last)
    return np.column_stack([*state, 0.5 * np.sum(state**2, axis=0)])


def rates(rows: Array) -> Array:
    """Euler's equations of a rigid body: the rates at which its angular velocity changes.

    Args:
        rows: angular velocity and torque, (n, 6), about the principal axes with moments 1, 2, 3.
    """
    velocity, torque = rows[:, :3], rows[:, 3:]
    return np.asarray((torque - np.cross(velocity, _INERTIA * velocity)) / _INERTIA)


def _trained(
    name: str,
    box: dict[str, tuple[float, float]],
    truth: Callable[[Array], Array],
    hidden: tuple[int, ...],
    activation: str,
    folder: Path,
) -> Path:
    """The file of a network trained on what a function gives, each output standardised; one that
    is kept is not trained again."""
    path = folder.resolve() / f"{name}.safetensors"
    if not path.exists():
        from sklearn.neural_network import MLPRegressor

        X = Domain.from_box(box).sample(TRAINING_ROWS, stream(0, "real networks", name, "train"))
        Y = truth(X)
        regressor = MLPRegressor(
            hidden_layer_sizes=hidden,
            activation="logistic" if activation == "sigmoid" else activation,
            max_iter=40,
            learning_rate_init=2e-3,
            n_iter_no_change=40,
            random_state=0,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that 40 epochs are not all there could be
            regressor.fit(X, (Y - Y.mean(axis=0)) / Y.std(axis=0))
        weights = tuple(np.ascontiguousarray(weight.T) for weight in regressor.coefs_)
        folder.mkdir(parents=True, exist_ok=True)
        save_network(Network(weights, tuple(regressor.intercepts_), activation), path)
    return path
