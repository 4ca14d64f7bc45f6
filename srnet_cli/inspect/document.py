"""How a network file is shown: as words and a table, or as a config to start from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import yaml

from srnet_cli.config.resolved import flow
from srnet_cli.config.written import one_line
from srnet_cli.inspect.inspecting import NetworkCard
from srnet_cli.rendering.document import Document, Remarks, Section, Verbatim
from srnet_cli.rendering.table import Cell, Column, Table, number, table, text

_SHOWN = 12


def document(card: NetworkCard) -> Document:
    """What a network file holds."""
    layers = Section("Layers, which formulas would explain one by one", (_layers(card),))
    known = Section("", (Remarks(tuple(_facts(card))),))
    learned = f", {card.parameters} parameters" if card.parameters else ""
    return Document(
        one_line(card.path),
        lead=(f"{card.kind}: {card.form}, {_widths(card)}{learned}.",),
        sections=(known, layers),
        record=asdict(card),
    )


def _widths(card: NetworkCard) -> str:
    return "-".join(str(width) for width in (card.inputs, *(layer.width for layer in card.layers)))


def _layers(card: NetworkCard) -> Table:
    columns = [
        Column("layer"),
        Column("units in formulas"),
        Column("name in the file", wraps=True),
        Column("width", align="right"),
        Column("activation"),
    ]
    rows: list[list[Cell]] = [
        [
            text(layer.name),
            text(layer.units),
            text(one_line(layer.file_name)),
            number(layer.width, "d"),
            text(layer.activation),
        ]
        for layer in card.layers
    ]
    return table(columns, rows)


def _facts(card: NetworkCard) -> Iterator[str]:
    if card.shape:
        yield f"an input has the shape {' × '.join(map(str, card.shape))}, row by row"
    if card.input_names:
        yield f"inputs: {_listed(card.input_names)}"
    if card.scaling:
        yield "raw inputs are scaled before the first layer, as the file says"
    if card.domain is not None:
        ends = [f"{name} [{low:g}, {high:g}]" for name, (low, high) in card.domain.items()]
        yield f"domain: {_listed(ends)}"
    yield f"the outputs are {card.output}"
    if card.classes:
        yield f"classes: {_listed(card.classes)}"
    for note in card.notes:
        yield one_line(note)


def _listed(names: object) -> str:
    words = [one_line(str(name)) for name in names]  # type: ignore[attr-defined]
    rest = f", … ({len(words) - _SHOWN} more)" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + rest


def config_document(card: NetworkCard) -> Document:
    """A config to start from, as YAML; for programs as its sections and keys."""
    written = config(card)
    return Document(
        "", sections=(Section("", (Verbatim(written),)),), record=yaml.safe_load(written)
    )


def config(card: NetworkCard, load: str | None = None) -> str:
    """A config to start from, as YAML with remarks.

    Args:
        card: the network.
        load: the file as the config names it; None: by its absolute path.
    """
    is_classifier = card.output != "numbers"
    names = card.input_names or tuple(f"x{place}" for place in range(card.inputs))
    lines = [f"name: {experiment_name(Path(card.path), 'network')}", "dataset:"]
    if card.is_recorded:
        lines.append("  test_fraction: 0.25  # of the rows that the network is known on")
        box = {}
    elif card.domain is not None:
        lines.append("  domain:  # as the file has it")
        box = card.domain
    else:
        lines.append("  domain:  # where inputs lie: the file does not say, so please do")
        box = {str(column): (-1.0, 1.0) for column in names}
    lines += [f"    {flow(key)}: [{low:.10g}, {high:.10g}]" for key, (low, high) in box.items()]
    if not card.is_recorded:
        lines.append("  # or a table: file: table.csv, and target: the column of the true answers")
    if is_classifier:
        lines.append("  task: classification")
    else:
        lines.append("  # task: classification, if the outputs are scores of classes")
    lines += ["network:", f"  load: {flow(load or str(Path(card.path).absolute()))}"]
    lines += [f"  {key}: {flow(value)}" for key, value in card.settings.items()]
    if is_classifier and not card.classes:
        lines.append("  # classes: [a, b], the labels in the order of the outputs")
    if not card.scaling:
        lines.append("  # input_mean and input_scale: if it was trained on (x - mean) / scale")
    lines += ["evolution:", "  max_seconds: 60"]
    return "\n".join(lines)


def experiment_name(path: Path, otherwise: str) -> str:
    """What an experiment is called that begins with a file: what of its name may be in one."""
    stem = path.name.partition(".")[0]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:60] or otherwise
