"""What the layers of a run's network are called: srnet's own names, and those of its file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from srnet_cli.datasets.suggest import listed, quoted
from srnet_cli.errors import UsageError
from srnet_cli.runs.records import Inputs
from srnet_cli.store import RunFolder, find_run, runs_root


@overload
def layer_number(reference: str | None, name: str, option: str = ...) -> int: ...


@overload
def layer_number(reference: str | None, name: str | None, option: str = ...) -> int | None: ...


def layer_number(reference: str | None, name: str | None, option: str = "layer") -> int | None:
    """The number, from 1, of a layer of a run's network by any of its names.

    Args:
        reference: the run's folder, name, or ``latest``; None is the latest.
        name: a number, ``hidden 1`` or ``h1``, ``output``, or a name of the network's file.
        option: what the name was given for.

    Returns:
        The number; None where there is no name.

    Raises:
        UsageError: no such run, or no layer of the name.
        StorageError: the run is damaged.
    """
    if name is None:
        return None
    if name.lstrip("-").isdecimal():
        return int(name)
    layers = Inputs.read(RunFolder.open(find_run(runs_root(), reference))).layers
    number = named_layer(name, layers)
    if number is None:
        known = f"; the network's file has {listed(layers, 12)}" if layers else ""
        raise UsageError(
            f"there is no layer {quoted(name)}{known}",
            hint="a layer is called by its number from 1, as hidden 1, or as in the network's file",
            options=(option,),
        )
    return number


def named_layer(name: str, layers: Sequence[str]) -> int | None:
    """The number, from 1, of a layer by name.

    Args:
        name: srnet's own, such as ``hidden 1``, ``h1`` and ``output``, or the file's.
        layers: the file's names of all layers; of a file that names none, nothing.
    """
    if name in layers:  # as the file has it, whatever it looks like
        return list(layers).index(name) + 1
    word = name.strip().lower().replace(" ", "").replace("_", "")
    if word == "output" and layers:
        return len(layers)
    number = word.removeprefix("hidden") if word.startswith("hidden") else word.removeprefix("h")
    return int(number) if number != word and number.isdecimal() else None
