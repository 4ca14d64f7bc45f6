"""``srnet validate``: check a config without running it."""

from __future__ import annotations

from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.console import Format
from srnet_cli.cli.options import INSTEAD, WRITING, Config, Overrides


def validate(
    config: Config,
    overrides: Overrides = None,
    resolved: Annotated[
        bool,
        typer.Option(
            "--resolved",
            help="Print every setting with its default filled in.",
            rich_help_panel=INSTEAD,
        ),
    ] = False,
    form: Annotated[
        Format, typer.Option("--format", help="How to print.", rich_help_panel=WRITING)
    ] = Format.table,
) -> None:
    """Check a config without running it."""
    from srnet_cli.fit import validating

    if resolved:
        document = validating.resolved_document(validating.load(config, overrides or ()))
    else:
        document = validating.document(validating.run(config, overrides or ()))
    console.answer(document, form)
