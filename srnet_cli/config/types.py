"""The value types of the schema: bounded numbers, texts, paths, intervals and boxes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from srnet_cli.config.paths import resolve

# Limits that no sensible experiment meets: they turn a slip of the keyboard into one clear line
# where it would otherwise end in a full memory.
MAX_NODES = 10_000
MAX_POPULATION = 1_000_000
MAX_WIDTH = 100_000
MAX_ROWS = 10_000_000


def _whole(value: object) -> object:
    """Take ``1e4`` for the integer it is; YAML calls every number with an exponent a float."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _path(value: object, info: ValidationInfo) -> object:
    """Resolve a path written in a config; a Path given by code is taken as it is."""
    return resolve(value, (info.context or {}).get("folder")) if isinstance(value, str) else value


def _increasing(interval: tuple[float, float]) -> tuple[float, float]:
    low, high = interval
    if not low < high:
        raise ValueError(f"the low end must be below the high end, got [{low:g}, {high:g}]")
    if math.isinf(high - low):
        raise ValueError(f"the interval is too wide, got [{low:g}, {high:g}]")
    return interval


Whole = BeforeValidator(_whole)
Integer = Annotated[int, Whole]
GridSize = Annotated[int, Field(ge=1, le=MAX_NODES), Whole]
Width = Annotated[int, Field(ge=1, le=MAX_WIDTH), Whole]
RowCount = Annotated[int, Field(ge=1, le=MAX_ROWS), Whole]
OptionalRowCount = Annotated[int, Field(ge=0, le=MAX_ROWS), Whole]
Count = Annotated[int, Field(ge=0, le=MAX_NODES), Whole]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Text = Annotated[str, Field(min_length=1, max_length=10_000)]
FilePath = Annotated[Path, BeforeValidator(_path)]
Interval = Annotated[
    tuple[float, float],
    AfterValidator(_increasing),
    Field(json_schema_extra={"expected": "an interval [low, high]"}),
]
Box = Annotated[
    dict[str, Interval],
    Field(
        min_length=1,
        json_schema_extra={"expected": "an interval for every input, such as {x0: [-1, 1]}"},
    ),
]
