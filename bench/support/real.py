"""Trained networks that people use, as their makers store them, and two that are trained here."""

from __future__ import annotations

import io
import os
import pickle
import sys
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Domain
from srnet_cli.networks import Network, Scaler, load_network, save_network
from srnet_cli.networks.activations import Activation
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
        network: the network; a standardisation of its inputs is part of it.
        box: the interval of every input, by name, in the inputs' order.
        decision: how its outputs decide; None where they are the answer themselves.
    """

    network: Network
    box: dict[str, tuple[float, float]]
    decision: Decision | None = None

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
    return Path(folder)


def _acas_xu(trained: Path) -> RealNetwork:
    box = {
        "rho": (0.0, 60760.0),
        "theta": (-3.141593, 3.141593),
        "psi": (-3.141593, 3.141593),
        "vown": (100.0, 1200.0),
        "vint": (0.0, 1200.0),
    }
    return RealNetwork(read_nnet(networks_dir() / "acasxu_1_1.nnet"), box, "argmin")


def _hcas(trained: Path) -> RealNetwork:
    box = {"x": (-56000.0, 56000.0), "y": (-56000.0, 56000.0), "psi": (-3.141593, 3.141593)}
    return RealNetwork(read_nnet(networks_dir() / "hcas_pra0_tau00.nnet"), box, "argmax")


def _vcas(trained: Path) -> RealNetwork:
    box = {
        "h": (-8000.0, 8000.0),
        "vown": (-100.0, 100.0),
        "vint": (-100.0, 100.0),
        "tau": (0.0, 40.0),
    }
    return RealNetwork(read_nnet(networks_dir() / "vcas_pra01.nnet"), box, "argmax")


def _cartpole(trained: Path) -> RealNetwork:
    box = {
        "position": (-2.4, 2.4),
        "velocity": (-3.0, 3.0),
        "angle": (-0.21, 0.21),
        "rate": (-3.5, 3.5),
    }
    layers = ("mlp_extractor.policy_net.0", "mlp_extractor.policy_net.2", "action_net")
    network = read_state_dict(networks_dir() / "cartpole_policy.pth", layers, "tanh")
    return RealNetwork(network, box, "argmax")


def _van_der_pol(trained: Path) -> RealNetwork:
    box = {"x": (-3.0, 3.0), "v": (-3.0, 3.0), "t": (0.0, 1.0)}
    return RealNetwork(_trained("van-der-pol", box, flow, (32, 32), "relu", trained), box)


def _rigid_body(trained: Path) -> RealNetwork:
    names = ("w1", "w2", "w3", "u1", "u2", "u3")
    box = dict.fromkeys(names, (-2.0, 2.0))
    return RealNetwork(_trained("rigid-body", box, rates, (64, 64, 64), "sigmoid", trained), box)


NETWORKS: dict[str, Callable[[Path], RealNetwork]] = {
    "van-der-pol": _van_der_pol,
    "rigid-body": _rigid_body,
    "acas-xu": _acas_xu,
    "hcas": _hcas,
    "vcas": _vcas,
    "cartpole": _cartpole,
}
"""What makes every network, given the folder of those that are trained here."""


def read_nnet(path: Path) -> Network:
    """Read a ReLU network in the text format NNet (K. Julian, Stanford Intelligent Systems Lab).

    Inputs are in their own units; what the header says of the outputs' mean and range is part of
    the last layer.
    """
    lines = iter(
        [float(word) for word in line.replace(",", " ").split()]
        for line in path.read_text().splitlines()
        if not line.startswith("//")
    )
    layers, inputs = (int(number) for number in next(lines)[:2])
    sizes = [int(number) for number in next(lines)]
    next(lines)  # a flag that is no longer used
    next(lines), next(lines)  # minima and maxima of the inputs
    mean, spread = np.array(next(lines)), np.array(next(lines))
    weights: list[Array] = []
    biases: list[Array] = []
    for units in sizes[1 : layers + 1]:
        weights.append(np.array([next(lines) for _ in range(units)]))
        biases.append(np.array([next(lines)[0] for _ in range(units)]))
    weights[-1], biases[-1] = weights[-1] * spread[-1], biases[-1] * spread[-1] + mean[-1]
    scaler = Scaler(mean[:inputs], spread[:inputs])
    return Network(tuple(weights), tuple(biases), "relu", scaler=scaler)


def read_state_dict(path: Path, layers: tuple[str, ...], activation: Activation) -> Network:
    """Read linear layers from a PyTorch state dict, without PyTorch and without running its code.

    Args:
        path: a zip file as ``torch.save`` writes it.
        layers: names of the layers, from the inputs to the outputs.
        activation: of the hidden ones.
    """
    with zipfile.ZipFile(path) as archive:
        (pickled,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        folder = pickled.removesuffix("data.pkl")
        tensors = _StateDict(archive, folder, archive.read(pickled)).load()
    weights = tuple(tensors[f"{layer}.weight"].astype(np.float64) for layer in layers)
    biases = tuple(tensors[f"{layer}.bias"].astype(np.float64) for layer in layers)
    return Network(weights, biases, activation)


class _StateDict(pickle.Unpickler):
    """Knows how tensors of single precision are stored, and refuses everything else."""

    def __init__(self, archive: zipfile.ZipFile, folder: str, pickled: bytes) -> None:
        super().__init__(io.BytesIO(pickled))
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "FloatStorage"): np.float32,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a state dict")
        return known[module, name]

    def persistent_load(self, pid: Any) -> NDArray[np.float32]:
        _, kind, key, *_ = pid
        return np.frombuffer(self._archive.read(f"{self._folder}data/{key}"), dtype=kind)


def _tensor(
    storage: NDArray[np.float32],
    offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    *_: object,
) -> NDArray[np.float32]:
    count = int(np.prod(size))
    if stride != tuple(np.cumprod((1, *size[:0:-1]))[::-1]):
        raise pickle.UnpicklingError("a tensor that is not stored row by row")
    return storage[offset : offset + count].reshape(size)


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
    activation: Activation,
    folder: Path,
) -> Network:
    """Train a network on what a function gives, each output standardised, or take the kept one."""
    path = folder / f"{name}.safetensors"
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
    return load_network(path)
