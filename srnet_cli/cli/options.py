"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Argument(help="The config file (YAML).", show_default=False)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result and nothing else.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Replace a setting: evolution.generations=100."
    ),
]
RunReference = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="A run's folder or name; by default the latest."),
]
