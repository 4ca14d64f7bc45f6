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
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="File to write; by default the screen."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file where there is one.")]
Composition = Annotated[
    bool,
    typer.Option(
        "--composition", help="The layers' formulas, one after the other, not the direct formula."
    ),
]
Fidelity = Annotated[
    float | None,
    typer.Option(
        metavar="F", help="The simplest formulas with F times the R² of the most faithful ones."
    ),
]
Complexity = Annotated[
    int | None,
    typer.Option(metavar="N", help="The most faithful formulas of at most N nodes."),
]
Pick = Annotated[
    int | None,
    typer.Option(metavar="I", help="With --layer: member I, from 1, of the layer's front."),
]
AsFound = Annotated[
    bool, typer.Option("--as-found", help="The layers as the search has found them, unchanged.")
]
