"""Examples of every command, which its ``--help`` and docs/cli.md show, and tests parse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Example(NamedTuple):
    """A command line and what it does.

    Attributes:
        line: the command line.
        meaning: a few words.
    """

    line: str
    meaning: str


EXAMPLES: Mapping[str, Sequence[Example]] = {
    "init": (
        Example("srnet init", "asks for a table, its target and a network"),
        Example("srnet init --data cars.csv --target price", "a network is trained on the table"),
        Example("srnet init --network model.onnx", "a network of your own"),
        Example("srnet init --example", "writes quickstart.yaml, which needs no other file"),
    ),
    "doctor": (
        Example("srnet doctor", "what is installed, where files go, what is missing"),
        Example("srnet doctor --format json", "the same for a report of a fault"),
    ),
    "warmup": (Example("srnet warmup", "compiles everything now, not in the first fit"),),
    "network": (
        Example("srnet network model.onnx", "its layers, and what they would be called"),
        Example("srnet network model.pt --set activation=tanh", "what the file does not say"),
    ),
    "validate": (
        Example("srnet validate configs/quickstart.yaml", "checks it and what it names"),
        Example("srnet validate configs/quickstart.yaml --resolved", "every setting"),
    ),
    "fit": (
        Example("srnet fit configs/quickstart.yaml", "again: goes on, or shows what is done"),
        Example(
            "srnet fit configs/quickstart.yaml --set evolution.max_seconds=60 --name quick",
            "a minute for all of it, under another name",
        ),
    ),
    "explain": (
        Example("srnet explain", "the latest run"),
        Example("srnet explain quickstart --format latex", "for a paper"),
        Example("srnet explain --fidelity 1 --full", "the most faithful formulas, in full"),
        Example("srnet explain --try 'k*speed**2/radius'", "a formula of your own beside them"),
        Example("srnet explain --at 3", "formula, network and slopes at a held-out row"),
    ),
    "prove": (Example("srnet prove --max-seconds 10", "of the latest run, ten seconds at most"),),
    "compare": (
        Example("srnet compare --lime --maple", "the latest run beside LIME and MAPLE"),
        Example("srnet compare first second", "two runs"),
    ),
    "report": (
        Example("srnet report", "the latest run, on one page"),
        Example("srnet report quickstart -o quickstart.html", "another run, in this file"),
        Example("srnet report a b", "runs side by side"),
        Example("srnet report quickstart --figures pdf", "its plots for a paper as well"),
    ),
    "export": (
        Example("srnet export --to python -o formula.py", "a module that needs nothing else"),
        Example("srnet export quickstart --to latex", "on the screen"),
    ),
    "predict": (
        Example("srnet predict rows.csv -o answers.csv", "by the latest run"),
        Example("srnet predict rows.csv quickstart --network", "the network's answers as well"),
    ),
    "bench": (
        Example("srnet bench configs/suites/smoke.yaml --jobs 2", "runs a suite"),
        Example("srnet bench smoke --list", "a row per trial of a suite that has run"),
    ),
    "ls": (
        Example("srnet ls", "the latest run last"),
        Example("srnet ls --sort r2", "the most faithful run first"),
    ),
    "verify": (Example("srnet verify quickstart", "exit 4 if a byte has changed"),),
    "rm": (
        Example("srnet rm quickstart", "asks first"),
        Example("srnet rm first second --yes", "does not"),
    ),
}


def epilog(command: str) -> str:
    """The examples below a command's help, a paragraph each, as typer takes them."""
    lines = [f"{line}  # {meaning}" for line, meaning in EXAMPLES.get(command, ())]
    return "\n\n".join(["Examples:", *lines]) if lines else ""
