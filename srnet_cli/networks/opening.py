"""A network file opened as the config asks: classes, scaling and decision as it says."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

import numpy as np

from srnet_cli.config.network import Decision
from srnet_cli.datasets.dataset import Task
from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ConfigError, ModelError
from srnet_cli.networks.network import Network
from srnet_cli.networks.opaque import OpaqueNetwork
from srnet_cli.networks.readers.activations_file import read_activations
from srnet_cli.networks.readers.loaded import LoadedNetwork, NetworkFile, Wishes
from srnet_cli.networks.readers.registry import read_bytes, read_network_bytes
from srnet_cli.networks.trained import Array, Scaler, TrainedNetwork

if TYPE_CHECKING:
    from srnet_cli.config.schema import NetworkSettings


@dataclass(frozen=True)
class Provenance:
    """Where a network came from.

    Attributes:
        source: the file, scikit-learn's training, now or in an earlier run, or Python.
        path: the file, as the config names it, or what a network given in Python is called; None
            for a trained network.
        sha256: hash of the file's bytes; None for a trained network.
        trainer: the library that trained it, with its version; None for a file.
        iterations: iterations or epochs of training; None for a file.
        converged: whether training stopped by itself; None for a file.
        loss: what training minimised, at the end, see ``Training``; None for a file.
        starts: how many initial weights were tried; None for a file.
        penalty: the L2 penalty of the weights; None for a file, and in runs of earlier versions.
        held_out: training rows that were held out to stop it early; None as of the penalty.
    """

    source: Literal["file", "trained", "cache", "python"]
    path: str | None = None
    sha256: str | None = None
    trainer: str | None = None
    iterations: int | None = None
    converged: bool | None = None
    loss: float | None = None
    starts: int | None = None
    penalty: float | None = None
    held_out: int | None = None

    def summary(self) -> str:
        """Say it in one line."""
        if self.source == "file":
            return f"loaded from {self.path}"
        if self.source == "python":
            return f"given in Python: {self.path}"
        end = "converged" if self.converged else "stopped at max_iter"
        where = ", from the cache" if self.source == "cache" else ""
        if self.converged and self.held_out:
            end = "stopped early"
        held = f", {self.held_out} rows held out" if self.held_out else ""
        penalty = f", L2 penalty {self.penalty:g}" if self.penalty else ""
        return (
            f"trained with {self.trainer}: {end} after {self.iterations} iterations"
            f"{held}{penalty}{where}"
        )


@dataclass(frozen=True)
class OpenedNetwork:
    """A loaded network, made ready for a task.

    Attributes:
        loaded: the network and what its file says; a classifier's outputs are logits, one per
            class.
        provenance: where it came from.
    """

    loaded: LoadedNetwork
    provenance: Provenance


def open_network(settings: NetworkSettings, task: Task | None) -> OpenedNetwork:
    """Read the network file that the settings name, or the file of its values.

    Args:
        settings: they name a file.
        task: of the dataset; None takes the outputs as they are in the file.

    Raises:
        ConfigError: the network lives in Python, see ``given_network``.
        ModelError: the file cannot be read, or contradicts the settings.
    """
    if settings.callable is not None:
        raise ConfigError(
            f"network.callable: {quoted(settings.callable)} is a network in Python, and a config "
            "cannot hold it",
            hint="fit it in Python, or load the network from a file",
        )
    path = settings.load or settings.activations
    assert path is not None
    data = read_bytes(path)
    wishes = wishes_of(settings, task)
    if settings.load is not None:
        loaded = read_network_bytes(path, data, wishes)
    else:
        loaded = read_activations(NetworkFile(path, data), wishes)
    provenance = Provenance(source="file", path=str(path), sha256=sha256(data).hexdigest())
    return OpenedNetwork(_prepared(loaded, settings, task, str(path)), provenance)


def given_network(
    loaded: LoadedNetwork, settings: NetworkSettings, task: Task | None
) -> OpenedNetwork:
    """A network that was made in Python, made ready for a task; see ``networks.callables``.

    Args:
        loaded: the network.
        settings: their ``callable`` is what it is called.
        task: of the dataset; None takes the outputs as they are.

    Raises:
        ModelError: the network contradicts the settings.
    """
    name = settings.callable or loaded.kind
    ready = _prepared(loaded, settings, task, name)
    return OpenedNetwork(ready, Provenance(source="python", path=name))


def _prepared(
    loaded: LoadedNetwork, settings: NetworkSettings, task: Task | None, name: str
) -> LoadedNetwork:
    try:
        loaded = _for_task(loaded, settings, task)
        loaded.network.check()
    except ModelError as error:
        raise ModelError(f"{name}: {error}", hint=error.hint) from error
    return loaded


def wishes_of(settings: NetworkSettings, task: Task | None) -> Wishes:
    """What a reader has to know of the settings."""
    return Wishes(
        activation=settings.activation,
        layers=settings.layers,
        outputs=settings.outputs,
        maps=settings.maps,
        has_classes=task == "classification",
    )


def _for_task(loaded: LoadedNetwork, settings: NetworkSettings, task: Task | None) -> LoadedNetwork:
    loaded = replace(loaded, network=_scaled(loaded.network, settings))
    if task is None:
        return loaded
    if task == "regression":
        if loaded.network.output_activation == "softmax":
            raise ModelError(
                "the file says that the output is softmax, the task asks for linear",
                hint="set dataset.task to classification",
            )
        return loaded
    loaded = _with_logits(_less_threshold(loaded, settings), settings.decision)
    network = loaded.network
    if settings.decision == "argmin":
        network = _with_linear_step(
            network, -np.eye(network.widths[-1]), np.zeros(network.widths[-1])
        )
        note = "the least output decides: what is explained are the outputs times -1"
        loaded = replace(loaded, notes=(*loaded.notes, note))
    classes = settings.classes or loaded.classes
    outputs = network.widths[-1]
    if classes and len(classes) != outputs:
        raise ModelError(
            f"network.classes names {len(classes)} classes, the network has {outputs} outputs"
        )
    return replace(loaded, network=network, classes=tuple(classes))


def _scaled(network: TrainedNetwork, settings: NetworkSettings) -> TrainedNetwork:
    """The network with the input scaling of the settings, if they have one."""
    if not settings.input_mean:
        return network
    if network.scaler is not None:
        raise ModelError(
            "the file holds an input scaling of its own, and the config another",
            hint="leave out network.input_mean and network.input_scale",
        )
    scaler = Scaler(np.array(settings.input_mean), np.array(settings.input_scale))
    return network.with_scaler(scaler)


def _less_threshold(loaded: LoadedNetwork, settings: NetworkSettings) -> LoadedNetwork:
    """The network with its single output less the threshold above which it is of the second class.

    Behind a sigmoid, which decides nothing but where the threshold is, that is done to its logit.

    Raises:
        ModelError: the network has several outputs, or no sigmoid reaches the threshold.
    """
    if settings.decision != "threshold":
        return loaded
    network, limit = loaded.network, settings.threshold
    if network.widths[-1] != 1:
        raise ModelError(
            f"network.decision: threshold is for one output, the network has {network.widths[-1]}",
            hint="choose argmax or argmin",
        )
    if isinstance(network, Network) and network.layer_activations[-1] == "sigmoid":
        limit = 0.5 if limit is None else limit
        if not 0.0 < limit < 1.0:
            raise ModelError(f"network.threshold is {limit:g}, the output a sigmoid, from 0 to 1")
        activation = (*network.layer_activations[:-1], "linear")
        network, limit = replace(network, activation=activation), math.log(limit / (1.0 - limit))
    network = _with_linear_step(network, np.ones((1, 1)), np.array([-(limit or 0.0)]))
    note = "what is explained is how far the output is above the threshold"
    return replace(loaded, network=network, notes=(*loaded.notes, note))


def _with_logits(loaded: LoadedNetwork, decision: Decision | None) -> LoadedNetwork:
    """The network with a logit per class as its outputs.

    A single output is the logit of the second class, behind a sigmoid or as it is.
    """
    network, notes = loaded.network, list(loaded.notes)
    if decision is None and loaded.says_output and network.output_activation == "linear":
        raise ModelError(
            "the file says that the output is linear, the task asks for softmax",
            hint="set dataset.task to classification for softmax, to regression for linear",
        )
    if isinstance(network, Network) and network.layer_activations[-1] == "sigmoid":
        activation = (*network.layer_activations[:-1], "linear")
        network = replace(network, activation=activation)
        notes.append("the sigmoid of the output is left out: what is explained are the logits")
    if network.widths[-1] == 1:
        if isinstance(network, Network) and network.layer_activations[-1] != "linear":
            raise ModelError(
                f"the one output goes through {network.layer_activations[-1]}: no logit of a class",
                hint="set dataset.task to regression",
            )
        network = _with_linear_step(network, np.array([[0.0], [1.0]]), np.zeros(2))
        notes.append("the one output is the logit of the second class; that of the first is 0")
    network = network.as_classifier()
    return replace(loaded, network=network, notes=tuple(notes))


def _with_linear_step(network: TrainedNetwork, weight: Array, offset: Array) -> TrainedNetwork:
    """The network with a linear step, (k, m) and (k,), behind its outputs."""
    if isinstance(network, OpaqueNetwork):
        return network.with_readout(weight, offset)
    assert isinstance(network, Network)
    if network.layer_activations[-1] != "linear":
        return replace(
            network,
            weights=(*network.weights, weight),
            biases=(*network.biases, offset),
            activation=(*network.layer_activations, "linear"),
        )
    last = weight @ network.weights[-1], weight @ network.biases[-1] + offset
    return replace(
        network,
        weights=(*network.weights[:-1], last[0]),
        biases=(*network.biases[:-1], last[1]),
    )
