"""``srnet init``: a first config, from a table, a network file, or neither."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from srnet_cli.config.loading import experiment_from_mapping
from srnet_cli.config.resolved import flow
from srnet_cli.config.written import one_line
from srnet_cli.errors import ConfigError, ModelError, UsageError
from srnet_cli.inspect import document as cards
from srnet_cli.inspect import inspecting
from srnet_cli.inspect.inspecting import NetworkCard
from srnet_cli.rendering.document import Block, Document, Paragraph, Section, remarks
from srnet_cli.rendering.table import Cell, Column, code, number, table, text
from srnet_cli.store import check_new_file, write_atomic

if TYPE_CHECKING:
    from srnet_cli.datasets.survey import Column as SurveyedColumn
    from srnet_cli.datasets.survey import Survey

EXAMPLE = "quickstart.yaml"
"""What ``srnet init --example`` writes, and the file of the package that holds it."""

_SCHEMA = "experiment.schema.json"
_SECONDS = 60
_DONE_WITH = {
    "target": "what is explained",
    "input": "an input",
    "binary": "an input",
    "categories": "an input per category",
    "drop": "left out",
}


@dataclass(frozen=True)
class Wish:
    """What a config is to begin with.

    Attributes:
        data: a table, or None.
        target: name of its column to explain; None: the most likely one.
        network: a network file; None: a network is trained on the table.
        inputs: columns that are inputs, in the network's order; empty: all that can be.
        is_example: whether the example is wanted instead.
    """

    data: Path | None = None
    target: str | None = None
    network: Path | None = None
    inputs: tuple[str, ...] = ()
    is_example: bool = False


@dataclass(frozen=True)
class Started:
    """A config that has been written.

    Attributes:
        path: the file.
        text: its content.
        survey: what was seen in the table; None where there is none.
        notes: what to look at in the config, a line each.
    """

    path: Path
    text: str
    survey: Survey | None = None
    notes: tuple[str, ...] = ()


def run(wish: Wish, path: Path | None = None, *, force: bool = False) -> Started:
    """Write a config that runs.

    Args:
        wish: what it is to begin with.
        path: the file; by default one called as the table or the network, in the working folder.
        force: whether a file that exists is replaced.

    Raises:
        UsageError: wishes that contradict each other, or a file that exists.
        DataError: the table cannot be read, or has no such column.
        ModelError: the network cannot be read, or takes other inputs than the table has.
        StorageError: the config cannot be written.
    """
    _check(wish)
    begun = wish.data or wish.network or Path(EXAMPLE)
    name = cards.experiment_name(begun, "experiment")
    target = Path(f"{name}.yaml") if path is None else path
    check_new_file(target, force)
    started = _made(wish, target, name)
    _require_valid(started)
    write_atomic(target, started.text.encode())
    return started


def columns_of(data: Path) -> Survey:
    """What a table holds, for whoever has to choose a target.

    Raises:
        DataError: it cannot be read.
    """
    from srnet_cli.datasets.survey import survey

    return survey(data)


def document(started: Started, next_step: str) -> Document:
    """What was written, what the table holds and what is done with it, and what to type next."""
    survey = started.survey
    blocks: list[Block] = [] if survey is None else [_table(survey)]
    lead = [f"wrote {one_line(str(started.path))}"]
    if survey is not None:
        lead.append(
            f"{one_line(str(survey.path))}: {survey.rows} rows; {survey.task}, as {survey.why_task}"
        )
    notes = [*(() if survey is None else survey.notes), *started.notes, f"next: {next_step}"]
    return Document(
        title="",
        lead=tuple(map(one_line, lead)),
        sections=(Section("", tuple(blocks)), remarks(map(one_line, notes))),
        record={
            "config": str(started.path),
            "task": None if survey is None else survey.task,
            "rows": None if survey is None else survey.rows,
            "columns": [
                {"name": column.name, "kind": column.kind, "use": column.use, "why": column.why}
                for column in (() if survey is None else survey.columns)
            ],
            "notes": list(started.notes),
        },
    )


def _table(survey: Survey) -> Block:
    heads = (
        Column("column", wraps=True),
        Column("holds"),
        Column("missing", align="right", is_lesser=True),
        Column("is"),
        Column("why", wraps=True),
    )
    rows: list[list[Cell]] = [
        [
            code(one_line(column.name)),
            text(column.kind),
            number(column.missing or None, "d"),
            text(_DONE_WITH[column.use]),
            text(one_line(column.why)),
        ]
        for column in survey.columns
    ]
    return table(heads, rows) if rows else Paragraph("no columns")


def _check(wish: Wish) -> None:
    of_data = {"target": wish.target is not None, "inputs": bool(wish.inputs)}
    given = [name for name, is_given in of_data.items() if is_given and wish.data is None]
    if given:
        raise UsageError("a column is of a table; name the table", options=(*given, "data"))
    others = [name for name in ("data", "network") if getattr(wish, name) is not None]
    if wish.is_example and others:
        raise UsageError("the example needs no other file", options=("example", *others))
    if not wish.is_example and not others:
        raise UsageError(
            "nothing to begin with",
            hint="give a table, a network, or ask for the example",
            remedies=("data", "network", "example"),
        )


def _made(wish: Wish, target: Path, name: str) -> Started:
    if wish.is_example:
        content = resources.files("srnet_cli.inspect").joinpath(EXAMPLE).read_text("utf-8")
        return Started(target, content)
    card = None if wish.network is None else inspecting.run(wish.network)
    if wish.data is None:
        assert card is not None
        named = replace(card, path=_seen_from(target, Path(card.path)))
        return _of_network(named, target, name)
    return _of_table(wish, card, target, name)


def _of_network(card: NetworkCard, target: Path, name: str) -> Started:
    written = cards.config(card, load=card.path)
    notes = []
    if card.domain is None:
        notes.append("the file does not say where inputs lie: put their ranges into dataset.domain")
    return Started(target, f"{_head(f'from {card.path}')}\n{written}\n", None, tuple(notes))


def _of_table(wish: Wish, card: NetworkCard | None, target: Path, name: str) -> Started:
    from srnet_cli.datasets.survey import survey

    assert wish.data is not None
    surveyed = survey(wish.data, target=wish.target)
    surveyed = _with_inputs(surveyed, _inputs_wanted(surveyed, wish, card))
    if card is not None:
        surveyed = _coded_for(card, surveyed)
    keys: dict[str, Any] = surveyed.settings() | {"file": _seen_from(target, wish.data)}
    names = list(wish.inputs)
    if card is not None and card.classes and surveyed.task == "regression":
        keys["task"] = "classification"
    lines = [
        _head(f"from {wish.data.name}: {surveyed.rows} rows"),
        "#",
        *_columns(surveyed),
        f"name: {name}",
        "seed: 0  # decides every random number: the same seed, the same result",
        "dataset:",
        *_dataset(keys, surveyed),
    ]
    lines += _training() if card is None else _loading(card, target, names)
    lines += _search()
    notes = [] if card is None or names or card.input_names else [_order(surveyed)]
    return Started(target, "\n".join(lines) + "\n", surveyed, tuple(notes))


def _order(survey: Survey) -> str:
    names = ", ".join(column.name for column in survey.inputs)
    return f"the network is taken to read the columns in the table's order: {names}"


def _inputs_wanted(survey: Survey, wish: Wish, card: NetworkCard | None) -> Sequence[str] | None:
    """The columns that are to be inputs; None: all that can be.

    Raises:
        ConfigError: a name is no column.
        ModelError: the network takes another number of inputs.
    """
    names = {column.name for column in survey.columns}
    for name in wish.inputs:
        if name not in names or name == survey.target:
            what = "the target" if name == survey.target else "no column of the table"
            raise ConfigError(f"{one_line(name)} is {what}", options=("inputs",))
    if card is None:
        return wish.inputs or None
    wanted: Sequence[str] | None = wish.inputs or None
    if wanted is None and card.input_names and set(card.input_names) <= names:
        wanted = card.input_names
    have = len(survey.inputs) if wanted is None else len(wanted)
    categories = any(column.use in ("binary", "categories") for column in survey.inputs)
    if have != card.inputs and not (categories and wanted is None):
        raise ModelError(
            f"the network takes {card.inputs} inputs, and the table has {have} that can be",
            hint="name those that it takes, in its order",
            remedies=("inputs",),
        )
    return wanted


def _with_inputs(survey: Survey, wanted: Sequence[str] | None) -> Survey:
    """The survey with all other columns left out."""
    if wanted is None:
        return survey

    def used(column: SurveyedColumn) -> SurveyedColumn:
        if column.name == survey.target:
            return column
        if column.name not in wanted:
            return replace(column, use="drop", why="it is not among the inputs asked for")
        if column.use == "drop":
            use: Any = "input" if column.low is not None else "categories"
            return replace(column, use=use, why="it was asked for")
        return column

    return replace(survey, columns=tuple(map(used, survey.columns)))


def _coded_for(card: NetworkCard, survey: Survey) -> Survey:
    """The survey with an input per category also of two, where the network takes as many."""
    widths = {"input": 1, "binary": 1}
    width = sum(widths.get(column.use, column.distinct) for column in survey.inputs)
    if width == card.inputs:
        return survey
    columns = (
        replace(column, use="categories", why="2 categories, an input for each")
        if column.use == "binary"
        else column
        for column in survey.columns
    )
    return replace(survey, columns=tuple(columns))


def _seen_from(target: Path, path: Path) -> str:
    """A file as a config names it: relative where it lies beside or below the config."""
    try:
        return str(path.resolve().relative_to(target.resolve().parent))
    except ValueError:
        return str(path.absolute())


def _head(what: str) -> str:
    schema = resources.files("srnet_cli.config").joinpath(_SCHEMA)
    line = f"# yaml-language-server: $schema={schema}\n" if schema.is_file() else ""
    return f"{line}# Written by 'srnet init', {one_line(what)}. Change it as you like."


def _columns(survey: Survey) -> Iterator[str]:
    """The columns and what is done with each, as comments."""
    yield "# The columns, and what is done with each:"
    width = min(max(len(one_line(column.name)) for column in survey.columns), 30)
    for column in survey.columns:
        name = one_line(column.name).ljust(width)
        use = _DONE_WITH[column.use]
        why = "" if column.use == "target" else f": {one_line(column.why)}"
        yield f"#   {name}  {column.kind}; {use}{why}"


def _dataset(keys: dict[str, Any], survey: Survey) -> Iterator[str]:
    remarks = {
        "file": "looked up beside this file, then in the working folder",
        "target": "the column that is explained",
        "task": survey.why_task,
        "categorical": "an input per category, 1 or 0",
        "binary": "two categories as one input, 1 or 0",
        "drop": "columns that are left out; the reasons stand above",
        "missing": "or drop, which leaves out rows with missing values",
    }
    if "task" not in keys:
        keys = keys | {"task": survey.task}
    for key, value in keys.items():
        remark = remarks.get(key)
        yield f"  {key}: {flow(value)}" + (f"  # {one_line(remark)}" if remark else "")
    yield "  # test_fraction: 0.25  # of the rows, kept aside to judge the formulas"


def _training() -> Iterator[str]:
    yield "  standardise: true  # the network is trained on inputs of mean 0 and spread 1"
    yield "network:"
    yield "  # Trained here on the table. One of your own instead: load: network.onnx"
    yield "  train:"
    yield "    hidden: [8, 8]  # units of the hidden layers; the fewer, the shorter their formulas"


def _loading(card: NetworkCard, target: Path, names: Sequence[str]) -> Iterator[str]:
    yield "network:"
    yield f"  load: {flow(_seen_from(target, Path(card.path)))}"
    if names:
        yield f"  inputs: {flow(list(names))}  # in the order in which the network takes them"
    if card.output != "numbers" and not card.classes:
        yield "  # classes: [a, b]  # labels in the order of the outputs, if that is not sorted"
    if not card.scaling:
        yield "  # input_mean and input_scale: if it was trained on (x - mean) / scale"


def _search() -> Iterator[str]:
    yield "evolution:"
    yield f"  max_seconds: {_SECONDS}  # for all that follows the training; more finds better ones"


def _require_valid(started: Started) -> None:
    """Make sure that what was written is a config, before anybody relies on it.

    Raises:
        ConfigError: it is not.
    """
    values = yaml.safe_load(started.text)
    experiment_from_mapping(values, str(started.path), started.path.resolve().parent)
