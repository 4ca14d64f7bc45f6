"""The settings of an experiment: every key a config may hold, with its default and its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from srnet_cli.config.suggestions import did_you_mean
from srnet_cli.config.types import (
    MAX_NODES,
    MAX_POPULATION,
    Box,
    Count,
    FilePath,
    Fraction,
    GridSize,
    Integer,
    OptionalRowCount,
    RowCount,
    Text,
    Whole,
    Width,
)
from srnet_cli.primitives import BY_NAME, PUBLISHED_FUNCTIONS


def _known_function(name: str) -> str:
    if name not in BY_NAME:
        raise ValueError(f"unknown function '{name}'; {did_you_mean(name, BY_NAME)}")
    return name


FunctionName = Annotated[
    str,
    AfterValidator(_known_function),
    Field(json_schema_extra={"expected": "the name of a function"}),
]


class Settings(BaseModel):
    """A section of the config: unknown keys are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DatasetSettings(Settings):
    """Where rows come from. Exactly one of ``formula``, ``file``, ``pmlb`` or ``rows`` says it;
    ``formula`` may stand beside ``rows`` as the truth that the network was trained on."""

    formula: Text | None = Field(
        default=None, description="target as a formula of the domain's variables"
    )
    file: FilePath | None = Field(default=None, description="CSV, TSV (also .gz) or parquet table")
    pmlb: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        max_length=200,
        description="name of a PMLB table",
        json_schema_extra={"expected": "the name of a PMLB table"},
    )
    rows: FilePath | None = Field(default=None, description="npz file whose array X holds the rows")

    target: Text = Field(
        default="target", description="target column of a table; name of the target"
    )
    task: Literal["regression", "classification"] = Field(
        default="regression", description="whether the target is a number or a class"
    )
    categorical: tuple[Text, ...] = Field(
        default=(),
        max_length=1000,
        description="columns of a table that hold categories: each becomes an input a category, "
        "column=category, 1 or 0. A category that no training row has is all zeros",
    )

    domain: Box | None = Field(
        default=None, description="interpolation domain, an interval an input, in the inputs' order"
    )
    validation_domain: Box | None = Field(
        default=None, description="where validation rows are drawn"
    )
    extrapolation_domain: Box | None = Field(
        default=None, description="where reports extrapolate to"
    )
    samples: RowCount = Field(
        default=200, description="training rows drawn from a formula's domain"
    )
    sampling: Literal["uniform", "grid", "diagonal"] = Field(
        default="uniform", description="how they are drawn; diagonal: all inputs are equal"
    )
    validation_samples: Literal["auto"] | OptionalRowCount = Field(
        default="auto",
        description="rows from the validation domain that count in selection; "
        "auto: max(10, 3*floor(training rows / 10)), 0 without a validation domain",
    )
    oracle_rows: Literal["auto"] | OptionalRowCount = Field(
        default="auto",
        description="rows of the domain, half of them where units lie far out, or near a table's "
        "rows, that the network labels for strategy auto to fit; auto: 10000, fewer where layers "
        "are wider than 3355 units; 0: the training rows alone",
    )
    boundary_rows: OptionalRowCount = Field(
        default=0,
        description="rows near a classifier's decision boundary, around the training rows, that "
        "formulas are fitted to beside the others",
    )
    boundary_sampling: Literal["segments", "box"] = Field(
        default="segments",
        description="how they are found; segments: between neighbours of different classes, halved "
        "towards where the class changes; box, as published: of 10 uniform points a row in the "
        "rows' box, those whose probability of a class is nearest to 1/classes",
    )
    boundary_test_rows: OptionalRowCount = Field(
        default=0,
        description="rows near the decision boundary, by segments between held-out rows, for "
        "reports only: the set `boundary`",
    )
    test_samples: RowCount = Field(default=5000, description="fresh rows of the domain for reports")

    validation_fraction: Fraction = Field(
        default=0.15, description="of a table's rows, for selection"
    )
    test_fraction: Fraction = Field(
        default=0.25,
        description="of a table's rows, for reports, and to choose by which of the simpler "
        "formulas `explain` shows; no search sees them",
    )
    standardise: bool = Field(
        default=False, description="standardise inputs, fitted on training rows"
    )

    @field_validator("domain")
    @classmethod
    def _named_inputs(cls, box: Box | None) -> Box | None:
        for name in box or ():
            if not name.strip() or not name.isprintable():
                raise ValueError(f"{name!r} cannot be the name of an input")
        return box

    @field_validator("validation_domain", "extrapolation_domain")
    @classmethod
    def _same_inputs(cls, box: Box | None, info: ValidationInfo) -> Box | None:
        """Bring the box into the order of the domain, which is the order of the inputs."""
        domain = info.data.get("domain")
        if box is None or "domain" not in info.data:
            return box
        if domain is None:
            raise ValueError("needs 'domain' beside it")
        if box.keys() != domain.keys():
            raise ValueError(
                f"must have the inputs of 'domain' ({', '.join(domain)}), has {', '.join(box)}"
            )
        return {name: box[name] for name in domain}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        tables = [key for key in ("file", "pmlb", "rows") if getattr(self, key) is not None]
        if not tables and self.formula is None:
            yield "give one of 'formula', 'file', 'pmlb' and 'rows'"
        if len(tables) > 1:
            yield f"give only one of {' and '.join(map(repr, tables))}"
        if self.formula is not None and tables not in ([], ["rows"]):
            yield f"give only one of 'formula' and '{tables[0]}'"
        if self.formula is not None and self.domain is None:
            yield "'formula' needs 'domain', which names its variables"
        if self.formula is not None and self.task == "classification":
            yield "a formula is a target for regression, not for classification"
        if self.task == "regression" and (self.boundary_rows or self.boundary_test_rows):
            key = "boundary_rows" if self.boundary_rows else "boundary_test_rows"
            yield f"'{key}' needs 'task: classification': only classes have a boundary"
        if self.boundary_test_rows and self.test_fraction == 0 and self.domain is None:
            yield "'boundary_test_rows' needs held-out rows: a 'test_fraction' above 0"
        yield from self._categorical_problems()
        if self.validation_samples not in ("auto", 0) and self.validation_domain is None:
            yield "'validation_samples' needs 'validation_domain'"
        if self.validation_fraction + self.test_fraction >= 1:
            yield "'validation_fraction' and 'test_fraction' leave no rows for training"

    def _categorical_problems(self) -> Iterator[str]:
        """Categories cannot be drawn from an interval."""
        for name in self.categorical:
            if self.categorical.count(name) > 1:
                yield f"'categorical' lists '{name}' twice"
            if name == self.target:
                yield f"'categorical' lists the target, '{name}'; it is for inputs"
        if self.categorical and (self.domain is not None or self.formula is not None):
            yield "'categorical' is for the columns of a table without a 'domain'"


class TrainSettings(Settings):
    """A network trained here, with scikit-learn."""

    hidden: tuple[Width, ...] = Field(
        default=(3, 3), min_length=1, max_length=100, description="units of every hidden layer"
    )
    activation: Literal["sigmoid", "tanh", "relu"] = Field(
        default="sigmoid", description="of the hidden layers; the output is linear"
    )
    solver: Literal["lbfgs", "adam", "sgd"] = Field(
        default="lbfgs", description="scikit-learn's optimiser"
    )
    max_iter: Integer = Field(
        default=20000, ge=1, le=10**9, description="iterations of lbfgs, epochs of adam and sgd"
    )
    alpha: float = Field(default=0.0, ge=0, description="L2 penalty")
    learning_rate: float = Field(default=1e-3, gt=0, description="initial rate of adam and sgd")
    tolerance: float = Field(
        default=1e-10, ge=0, description="gain in loss below which training ends"
    )
    early_stopping: bool = Field(
        default=False, description="stop on held-out rows; adam and sgd only"
    )

    @model_validator(mode="after")
    def _can_stop_early(self) -> Self:
        if self.early_stopping and self.solver == "lbfgs":
            raise ValueError("'early_stopping' needs solver adam or sgd, not lbfgs")
        return self


class NetworkSettings(Settings):
    """The network to explain: trained here, or loaded from a file. Exactly one of the two."""

    train: TrainSettings | None = Field(default=None, description="settings, see below")
    load: FilePath | None = Field(default=None, description=".npz or .safetensors weights")
    activation: Literal["sigmoid", "tanh", "relu"] = Field(
        default="sigmoid",
        description="hidden activation of a loaded network whose file does not say",
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.train is None) == (self.load is None):
            raise ValueError("give exactly one of 'train' and 'load'")
        return self


class EvolutionSettings(Settings):
    """The strategy and its hyperparameters. The defaults of ``mnncgp-es`` are the published
    protocol, but for ``accept``, where the literature recommends neutral drift."""

    strategy: Literal["auto", "mnncgp-es"] = Field(
        default="auto",
        description="auto: several expressions a layer, tuned weights; mnncgp-es: as published. "
        "auto reads expressions, the max_ keys, functions and threads; mnncgp-es all "
        "but expressions and max_length",
    )
    expressions: Literal["auto"] | Annotated[int, Field(ge=1, le=1000), Whole] = Field(
        default="auto",
        description="expressions a layer K, at most its independent units; auto: the least K whose "
        "principal components hold 99.9 % of the layer's variance, units standardised (in the last "
        "hidden layer of that and the outputs'), at most 32. mnncgp-es has one",
    )
    max_length: Annotated[int, Field(ge=1, le=40), Whole] = Field(
        default=24, description="operations an expression of strategy auto may have"
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
        json_schema_extra={"expected": "a number a function, such as {log: 1}"},
    )
    max_nesting: dict[FunctionName, dict[FunctionName, Count]] = Field(
        default={},
        description="how many of a function may stand inside each other inside another, such as "
        "`{sin: {sin: 0, cos: 1}}`: no sine in a sine, and in it no cosine of a cosine; a pair "
        "not named: any number",
        json_schema_extra={"expected": "for outer functions, a number for every inner one"},
    )
    max_seconds: float | None = Field(
        default=None, gt=0, description="time a trial may take; results then depend on the machine"
    )
    max_evaluations: Integer | None = Field(
        default=None, ge=1, description="individuals a trial may evaluate"
    )
    patience: Integer | None = Field(
        default=None, ge=1, description="generations without a better fitness that end a trial"
    )
    population: Integer = Field(
        default=200,
        ge=2,
        le=MAX_POPULATION,
        description="individuals; each generation makes one less",
    )
    generations: Integer = Field(
        default=5000, ge=1, le=10**9, description="after so many a trial ends"
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
    functions: tuple[FunctionName, ...] = Field(
        default=PUBLISHED_FUNCTIONS,
        min_length=1,
        max_length=len(BY_NAME),
        description="functions that expressions are made of",
    )
    stop_fitness: float = Field(
        default=1e-5, ge=0, description="fitness at which mnncgp-es ends a trial"
    )
    threads: Literal["auto"] | Annotated[int, Field(ge=1, le=1024), Whole] = Field(
        default="auto",
        description="threads of one search, auto: one a processor; does not change results",
    )

    @field_validator("functions")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"function '{name}' is listed twice")
        return names

    @model_validator(mode="after")
    def _one_expression(self) -> Self:
        if self.strategy == "mnncgp-es" and self.expressions not in ("auto", 1):
            raise ValueError("'mnncgp-es' has one expression a layer; use strategy auto for more")
        return self

    @model_validator(mode="after")
    def _bounded_grid(self) -> Self:
        nodes = self.rows * self.columns
        if nodes > MAX_NODES:
            raise ValueError(
                f"rows * columns must be at most {MAX_NODES} nodes, "
                f"got {self.rows} * {self.columns} = {nodes}"
            )
        return self


class Experiment(Settings):
    """One config file."""

    name: str = Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="what the run is called",
        json_schema_extra={
            "expected": "a name of at most 100 letters, digits and . _ -, "
            "starting with a letter or digit"
        },
    )
    seed: Integer = Field(
        default=0, ge=0, le=2**63 - 1, description="decides every random number of the run"
    )
    trials: Integer = Field(
        default=1, ge=1, le=1_000_000, description="independent searches, of which the best counts"
    )
    first_trial: Integer = Field(
        default=0,
        ge=0,
        le=10**9,
        description="number of the first search, from 0: with first_trial 7 and trials 1 a run is "
        "the eighth search of the same config with more trials",
    )
    dataset: DatasetSettings = Field(description="the rows, see below")
    network: NetworkSettings = Field(description="the network to explain, see below")
    evolution: EvolutionSettings = Field(
        default=EvolutionSettings(), description="the search, see below"
    )
