"""``srnet validate``: check a config without running it."""

from __future__ import annotations

from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.options import Config, Overrides


def validate(
    config: Config,
    overrides: Overrides = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print every setting with its default filled in.")
    ] = False,
) -> None:
    """Check a config without running it."""
    from srnet_cli.fit import validating as workflow

    console.show(workflow.run(config, overrides or (), resolved=resolved))
