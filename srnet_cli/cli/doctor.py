"""``srnet doctor``: whether everything that the program stands on is as it should be."""

from __future__ import annotations

from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.console import Format


def doctor(
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Check versions, processors, folders, compiled kernels, extras and environment variables.

    A note is something with which everything works all the same; a fault is not, and ends in exit
    code 2.
    """
    from srnet_cli.inspect import doctor as checks

    seen = checks.run()
    console.answer(checks.document(seen), form)
    checks.require_no_fault(seen)
