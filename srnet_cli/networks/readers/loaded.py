"""What a reader is asked, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal

from srnet_cli.errors import ModelError
from srnet_cli.networks.trained import Array, TrainedNetwork

MAX_BYTES = 1 << 26
"""The most that a file of a foreign format may take, packed or unpacked: 64 MiB."""

Maps = Literal["flatten", "mean"]


@dataclass(frozen=True)
class NetworkFile:
    """A file as it is.

    Attributes:
        path: where it lies; errors and files beside it need it.
        data: its bytes.
    """

    path: Path
    data: bytes


@dataclass(frozen=True)
class Wishes:
    """What the config says of a network.

    Attributes:
        activation: of the hidden layers, or of every layer, where the file does not say.
        layers: the file's own names of the layers to read, in order; None reads what is there.
        outputs: names of the outputs to explain; empty takes the only one.
        has_classes: whether the outputs are to be the logits of classes.
        maps: what becomes of convolutional maps: every place a unit, or the mean of a channel.
    """

    activation: str | tuple[str, ...] | None = None
    layers: tuple[str, ...] | None = None
    outputs: tuple[str, ...] = ()
    maps: Maps = "flatten"
    has_classes: bool = False


@dataclass(frozen=True)
class LoadedNetwork:
    """A network and all that its file says of it.

    Attributes:
        network: the network; a classifier's outputs are its logits.
        kind: the format, as people call it.
        inputs: names of the d inputs; empty where the file names none.
        outputs: names of the outputs; empty where the file names none.
        classes: labels of the classes in the order of the outputs; empty where the file has none.
        domain: an interval per input, where the file has them.
        layers: the file's own name of every layer, the last being the output's.
        shape: of one input as the file has it, such as (1, 28, 28); empty for a plain vector.
        notes: what was folded, left out or assumed, one line each.
        rows: raw rows that came with it, (n, d); None where none did.
        says_output: whether the file says whether its outputs are classes or numbers.
    """

    network: TrainedNetwork
    kind: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    domain: Mapping[str, tuple[float, float]] | None = None
    layers: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    notes: tuple[str, ...] = field(default=())
    rows: Array | None = None
    says_output: bool = False


def require(package: str, extra: str, what: str) -> ModuleType:
    """Import a package that only some files need.

    Raises:
        ModelError: it is not installed; the error names the extra of srnet that brings it.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise ModelError(
            f"{what} needs the package {package.partition('.')[0]}",
            hint=f"pip install 'srnet[{extra}]'",
        ) from error
