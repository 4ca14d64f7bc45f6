"""Settings of the search that every strategy reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field

from srnet_cli.config.section import Settings
from srnet_cli.config.suggestions import did_you_mean
from srnet_cli.config.types import MAX_NODES, Count, Integer, Whole
from srnet_cli.primitives import BY_NAME, fitting_functions


def _known_function(name: str) -> str:
    if name not in BY_NAME:
        raise ValueError(f"unknown function '{name}'; {did_you_mean(name, BY_NAME)}")
    return name


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"function '{name}' is listed twice")
    return names


FunctionName = Annotated[
    str,
    AfterValidator(_known_function),
    Field(json_schema_extra={"expected": "the name of a function"}),
]


FunctionNames = Annotated[
    tuple[FunctionName, ...],
    Field(min_length=1, max_length=len(BY_NAME)),
    AfterValidator(_each_once),
]


class EvolutionSettings(Settings):
    """Which strategy searches, and the keys that every strategy reads. A key that the strategy
    does not read is an error."""

    reads_oracle_rows: ClassVar[bool]
    """Whether ``dataset.oracle_rows`` counts: rows that the network labels for the search."""

    strategy: str = Field(
        default="auto",
        description="auto: several expressions per layer, tuned weights; mnncgp-es: one "
        "expression per layer, as published; direct: whole-network formulas, straight from the "
        "inputs",
    )
    functions: Literal["auto"] | FunctionNames = Field(
        default="auto",
        description="functions that expressions are made of; auto: the published ones, exp, tanh, "
        "and what the network's own activations are made of; mnncgp-es has the published ones by "
        "default",
    )
    max_depth: Annotated[int, Field(ge=1, le=MAX_NODES), Whole] | None = Field(
        default=None,
        description="operations on the longest way from an expression down to an input or a "
        "constant; weights on edges do not count; null: any",
    )
    max_uses: dict[FunctionName, Count] = Field(
        default={},
        description="how often a function may occur in an expression as written out, such as "
        "`{log: 1}`; a function not named: any number of times",
        json_schema_extra={"expected": "a number per function, such as {log: 1}"},
    )
    max_nesting: dict[FunctionName, dict[FunctionName, Count]] = Field(
        default={},
        description="how many of a function may stand inside each other inside another, such as "
        "`{sin: {sin: 0, cos: 1}}`: no sine in a sine, and in it no cosine of a cosine; a pair "
        "not named: any number",
        json_schema_extra={"expected": "for outer functions, a number for every inner one"},
    )
    generations: Integer = Field(
        default=5000,
        ge=1,
        le=10**9,
        description="after so many a trial ends; auto ends by itself, long before the default",
    )
    max_seconds: float | None = Field(
        default=None,
        gt=0,
        description="time for the whole command, with several trials so much for each: what rows "
        "and network take is taken off, four fifths of it at most; of the rest three quarters are "
        "for the search, one for formulas, fronts and files. Compiling, at the first run, comes "
        "before. Results then depend on the machine",
    )
    max_evaluations: Integer | None = Field(
        default=None,
        ge=1,
        description="evaluations a trial may make: of mnncgp-es individuals, of auto and direct "
        "expressions that are tuned",
    )
    patience: Integer | None = Field(
        default=None,
        ge=1,
        description="generations without a better fitness that end a trial; of auto a layer hardly "
        "changes the fitness until the later ones are read, so small values end it early",
    )
    threads: Literal["auto"] | Annotated[int, Field(ge=1, le=1024), Whole] = Field(
        default="auto",
        description="threads of one search, auto: one per processor; does not change results",
    )

    @property
    def searches_directly(self) -> bool:
        """Whether there is a search for whole-network formulas."""
        return False

    @property
    def function_names(self) -> tuple[str, ...]:
        """The functions; where those are to fit a network, as long as none is known, what fits
        any."""
        return fitting_functions() if self.functions == "auto" else self.functions

    def fitted_to(self, activations: Iterable[str]) -> Self:
        """The settings with functions that fit a network with these activations, if they are to."""
        if self.functions != "auto":
            return self
        return self.model_copy(update={"functions": fitting_functions(activations)})

    def effort(self) -> Iterator[str]:
        """How much a trial searches at most, a few words each."""
        yield f"{self.generations} generations"
        if self.max_seconds is not None:
            yield f"{self.max_seconds:g} s"
