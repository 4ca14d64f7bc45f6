"""What a network file holds, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from srnet_cli.config.loading import network_settings
from srnet_cli.errors import ConfigError
from srnet_cli.networks.graph import GraphNetwork
from srnet_cli.networks.network import Network
from srnet_cli.networks.opening import open_network
from srnet_cli.networks.readers.loaded import LoadedNetwork
from srnet_cli.networks.recorded import RecordedNetwork
from srnet_cli.networks.trained import TrainedNetwork

if TYPE_CHECKING:
    from srnet_cli.config.schema import NetworkSettings


@dataclass(frozen=True)
class LayerCard:
    """A layer.

    Attributes:
        name: srnet's own, such as ``hidden 1``.
        units: their names in formulas, such as ``h1_0 … h1_31``.
        file_name: the file's own name.
        width: number of units.
        activation: its name; empty where the layer is what a graph gives.
    """

    name: str
    units: str
    file_name: str
    width: int
    activation: str


@dataclass(frozen=True)
class NetworkCard:
    """A network file.

    Attributes:
        path: the file.
        kind: its format.
        form: dense layers, a graph that is run, or values on rows.
        is_recorded: whether it answers for its own rows alone.
        inputs: number of inputs.
        input_names: the file's own, if it has any.
        shape: of an input as the file has it; empty for a plain vector.
        scaling: whether the inputs are scaled before the first layer.
        layers: all layers, the output last.
        output: numbers, or logits of classes.
        classes: labels in the order of the outputs, where the file has them.
        domain: an interval per input, where the file has them.
        parameters: how many numbers were learned.
        notes: what was folded, left out or assumed.
        settings: what the config has to say to read it so.
    """

    path: str
    kind: str
    form: str
    inputs: int
    input_names: tuple[str, ...]
    shape: tuple[int, ...]
    scaling: bool
    layers: tuple[LayerCard, ...]
    output: str
    classes: tuple[str, ...]
    domain: dict[str, tuple[float, float]] | None
    parameters: int
    notes: tuple[str, ...]
    settings: dict[str, object]
    is_recorded: bool = False


def run(path: Path, overrides: Sequence[str] = ()) -> NetworkCard:
    """Read a network file.

    Args:
        path: the file.
        overrides: keys of the config's section ``network`` as ``key=value``.

    Raises:
        ConfigError: an override is wrong.
        ModelError: the file cannot be read, or more has to be said of it.
    """
    settings = _settings(path, overrides)
    opened = open_network(settings, None)
    return _card(path, opened.loaded, settings)


def _settings(path: Path, overrides: Sequence[str]) -> NetworkSettings:
    settings = network_settings(path, overrides)
    if settings.load is None:
        raise ConfigError("network.load: a file is inspected, not trained")
    return settings


def _card(path: Path, loaded: LoadedNetwork, settings: NetworkSettings) -> NetworkCard:
    network = loaded.network
    has_classes = network.output_activation == "softmax" or bool(settings.classes or loaded.classes)
    return NetworkCard(
        path=str(path),
        kind=loaded.kind,
        form=_form(network),
        inputs=network.widths[0],
        input_names=loaded.inputs,
        shape=loaded.shape,
        scaling=network.scaler is not None,
        layers=tuple(_layers(loaded)),
        output="logits of classes" if has_classes else "numbers",
        classes=tuple(settings.classes or loaded.classes),
        domain=None if loaded.domain is None else dict(loaded.domain),
        parameters=network.parameters,
        notes=loaded.notes,
        settings=_said(settings),
        is_recorded=isinstance(network, RecordedNetwork),
    )


def _form(network: TrainedNetwork) -> str:
    if isinstance(network, RecordedNetwork):
        return f"values on {len(network.rows)} rows"
    return "a graph run in onnxruntime" if isinstance(network, GraphNetwork) else "dense layers"


def _layers(loaded: LoadedNetwork) -> list[LayerCard]:
    network = loaded.network
    widths, names = network.widths[1:], loaded.layers
    activations = _activations(network)
    cards = []
    for number, width in enumerate(widths, 1):
        is_last = number == len(widths)
        units = (
            "" if is_last else f"h{number}_0" + (f" … h{number}_{width - 1}" if width > 1 else "")
        )
        file_name = names[number - 1] if number <= len(names) else ""
        cards.append(
            LayerCard(
                "output" if is_last else f"hidden {number}",
                units,
                file_name,
                width,
                activations[number - 1],
            )
        )
    return cards


def _activations(network: TrainedNetwork) -> Sequence[str]:
    if isinstance(network, Network):
        return network.layer_activations
    return [""] * (len(network.widths) - 1)


def _said(settings: NetworkSettings) -> dict[str, object]:
    """The keys of the section that say something, but for the path."""
    given = settings.model_dump(mode="json", exclude_defaults=True)
    return {key: value for key, value in given.items() if key != "load"}
