"""``srnet warmup``: compile the kernels now."""

from __future__ import annotations

from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.console import Format
from srnet_cli.cli.options import WRITING, Quiet


def warmup(
    form: Annotated[
        Format, typer.Option("--format", help="How to print.", rich_help_panel=WRITING)
    ] = Format.table,
    quiet: Quiet = False,
) -> None:
    """Compile everything that fits run, so that the first of them need not wait.

    Takes some minutes, on up to three processors; what is compiled already is left as it is. An
    image of a container, or a node of a cluster, is made ready with it.
    """
    from srnet_cli.cli.progress import reporter
    from srnet_cli.fit import warming

    with reporter(quiet=quiet) as watcher:
        warmed = warming.run(watcher)
    console.answer(warming.document(warmed), form)
