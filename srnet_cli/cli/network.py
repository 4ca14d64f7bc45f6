"""``srnet network``: what a network file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from srnet_cli.cli import completion, console
from srnet_cli.cli.console import Format
from srnet_cli.cli.options import INSTEAD, SEARCHING, WRITING


def network(
    file: Annotated[Path, typer.Argument(help="A network file, such as network.onnx.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A key of the config's section network, such as activation=tanh.",
            autocompletion=completion.network_keys,
            rich_help_panel=SEARCHING,
        ),
    ] = None,
    config: Annotated[
        bool,
        typer.Option("--config", help="Print a config to start from.", rich_help_panel=INSTEAD),
    ] = False,
    form: Annotated[
        Format, typer.Option("--format", help="How to print.", rich_help_panel=WRITING)
    ] = Format.table,
) -> None:
    """Show the layers of a network file, and what of it would be explained."""
    from srnet_cli.inspect import document, inspecting

    card = inspecting.run(file, overrides or ())
    answer = document.config_document(card) if config else document.document(card)
    console.answer(answer, form)
