"""Figures published with the method, recorded in ``published.json`` with their source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

_RECORD: Mapping[str, Any] = json.loads(
    files("srnet_cli.suites").joinpath("published.json").read_text(encoding="utf-8")
)

CITATION: str = _RECORD["citation"]
"""Where the figures are from, in a few words; ``published.json`` has more."""


@dataclass(frozen=True)
class PublishedFigure:
    """What was published of one network.

    Attributes:
        mean: over the trials.
        trials: the figure of every trial; empty where only summaries were published.
        half_range: half the range over the trials, where that was published instead.
        minutes: mean time of a trial, or None.
    """

    mean: float
    trials: tuple[float, ...] = ()
    half_range: float | None = None
    minutes: float | None = None


def _fitness(record: Mapping[str, Any]) -> PublishedFigure:
    trials = tuple(record["trials"])
    return PublishedFigure(sum(trials) / len(trials), trials, minutes=record["minutes"])


def _agreement(record: Mapping[str, Any]) -> PublishedFigure:
    """Published in per cent; here a fraction, as everywhere in this program."""
    return PublishedFigure(record["mean"] / 100, half_range=record["half_range"] / 100)


FIGURES: Mapping[str, Mapping[str, PublishedFigure]] = {
    "fitness": {name: _fitness(values) for name, values in _RECORD["fitness"].items()},
    "agreement": {name: _agreement(values) for name, values in _RECORD["agreement"].items()},
}
"""Published figures by what they measure, then by network."""
