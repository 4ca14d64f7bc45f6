"""Settings of strategy ``mnncgp-es``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from srnet_cli.config.evolution.common import EvolutionSettings, FunctionNames
from srnet_cli.config.types import MAX_NODES, MAX_POPULATION, GridSize, Integer
from srnet_cli.primitives import PUBLISHED_FUNCTIONS


class MnncgpSettings(EvolutionSettings):
    """One expression per layer, by Cartesian genetic programming as published. The defaults are
    the published protocol, but for ``accept``, where the literature recommends neutral drift."""

    reads_oracle_rows: ClassVar[bool] = False

    strategy: Literal["mnncgp-es"] = "mnncgp-es"
    functions: Literal["auto"] | FunctionNames = Field(
        default=PUBLISHED_FUNCTIONS,
        description="functions that expressions are made of; auto: the published ones, exp, tanh, "
        "and what the network's own activations are made of",
    )
    population: Integer = Field(
        default=200,
        ge=2,
        le=MAX_POPULATION,
        description="individuals; each generation makes one less",
    )
    mutation: float = Field(default=0.4, gt=0, le=1, description="probability that a gene changes")
    accept: Literal["neutral", "strict"] = Field(
        default="neutral",
        description="offspring replace a parent they equal (neutral), or do not (strict)",
    )
    rows: GridSize = Field(default=5, description="rows of the grid of nodes")
    columns: GridSize = Field(default=5, description="columns of the grid")
    levels_back: GridSize | None = Field(
        default=None, description="columns back that a node may connect to; null: all"
    )
    constants: Integer = Field(
        default=1, ge=0, le=1000, description="constants per chromosome, drawn from N(0, 1)"
    )
    stop_fitness: float = Field(default=1e-5, ge=0, description="fitness at which a trial ends")

    @model_validator(mode="after")
    def _bounded_grid(self) -> Self:
        nodes = self.rows * self.columns
        if nodes > MAX_NODES:
            raise ValueError(
                f"rows * columns must be at most {MAX_NODES} nodes, "
                f"got {self.rows} * {self.columns} = {nodes}"
            )
        return self

    def effort(self) -> Iterator[str]:
        """How much a trial searches at most, a few words each."""
        yield f"{self.population} individuals"
        yield from super().effort()
