"""``srnet init``: a first config."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.console import Format
from srnet_cli.cli.options import WRITING
from srnet_cli.errors import UsageError

if TYPE_CHECKING:
    from srnet_cli.inspect.starting import Wish


def init(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CONFIG]",
            help="The config to write; by default called as the table or the network.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A table: .csv, .tsv (also .gz) or .parquet."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Its column to explain; by default the likeliest."),
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A network file; by default a network is trained."),
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,…", help="Columns that are inputs, in the network's order; by default all."
        ),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Write the quickstart, which needs no other file.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Replace the config where there is one.", rich_help_panel=WRITING
        ),
    ] = False,
    form: Annotated[
        Format, typer.Option("--format", help="How to print.", rich_help_panel=WRITING)
    ] = Format.table,
) -> None:
    """Write a first config that runs, with remarks; without options three questions are asked.

    The table is looked at: which columns are inputs, which hold categories, dates or identifiers,
    where values are missing, and what is done with each, and why.
    """
    from srnet_cli.inspect import starting

    names = () if inputs is None else tuple(name.strip() for name in inputs.split(","))
    wish = starting.Wish(data, target, network, names, example)
    if wish == starting.Wish():
        wish = _asked()
    started = starting.run(wish, config, force=force)
    next_step = f"srnet fit {shlex.quote(str(started.path))}"
    console.answer(starting.document(started, next_step), form)


def _asked() -> Wish:
    """What three questions are answered with.

    Raises:
        UsageError: nobody answers.
        DataError: the table cannot be read.
    """
    from srnet_cli.inspect.starting import Wish, columns_of

    data = _answer("A table (.csv, .tsv, .parquet), or nothing:")
    target = ""
    if data:
        seen = columns_of(Path(data))
        names = ", ".join(column.name for column in seen.columns)
        console.remark(f"columns: {names}")
        target = _answer(f"The column to explain [{seen.target}]:")
    otherwise = "a network is trained" if data else "the example"
    network = _answer(f"A network file (.onnx, .pt, .keras, …), or nothing for {otherwise}:")
    return Wish(
        data=Path(data) if data else None,
        target=target or None,
        network=Path(network) if network else None,
        is_example=not data and not network,
    )


def _answer(question: str) -> str:
    """What somebody types, without blanks around it."""
    try:
        given = typer.prompt(question, default="", show_default=False, prompt_suffix=" ", err=True)
    except typer.Abort:
        raise UsageError(
            "nobody is there to answer",
            hint="say what to begin with",
            remedies=("data", "network", "example"),
        ) from None
    return str(given).strip()
