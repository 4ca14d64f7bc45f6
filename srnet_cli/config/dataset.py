"""Settings of the rows: section ``dataset``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from srnet_cli.config.section import Settings
from srnet_cli.config.types import Box, FilePath, Fraction, OptionalRowCount, RowCount, Text


class DatasetSettings(Settings):
    """Where rows come from. One of ``formula``, ``file``, ``pmlb`` or ``rows`` says it; ``formula``
    may stand beside ``rows`` as the truth that the network was trained on. A network that is loaded
    needs none of them: its ``domain`` is enough, of which the rows are drawn that it labels."""

    formula: Text | None = Field(
        default=None, description="target as a formula of the domain's variables"
    )
    file: FilePath | None = Field(default=None, description="CSV, TSV (also .gz) or parquet table")
    test_file: FilePath | None = Field(
        default=None,
        description="a second table with the columns of `file`: its rows are held out, in place of "
        "a `test_fraction`",
    )
    split_column: Text | None = Field(
        default=None,
        description="column of a table that says what each row is for: train, validation or test; "
        "in place of `validation_fraction` and `test_fraction`",
    )
    pmlb: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        max_length=200,
        description="name of a PMLB table",
        json_schema_extra={"expected": "the name of a PMLB table"},
    )
    rows: FilePath | None = Field(default=None, description="npz file whose array X holds the rows")

    target: Text | tuple[Text, ...] = Field(
        default="target",
        min_length=1,
        description="target column of a table; name of the target. Several as a list, one per "
        "output of the network",
        json_schema_extra={"expected": "the name of a column, or a list of them"},
    )
    task: Literal["regression", "classification"] = Field(
        default="regression", description="whether the target is a number or a class"
    )
    categorical: tuple[Text, ...] = Field(
        default=(),
        max_length=1000,
        description="columns of a table that hold categories: each becomes an input per category, "
        "column=category, 1 or 0. A category that no training row has is all zeros",
    )
    binary: tuple[Text, ...] = Field(
        default=(),
        max_length=1000,
        description="columns of a table that hold two categories: each becomes one input, named "
        "column=category after the second in their order, 1 where the column holds that and 0 "
        "where it holds the first",
    )
    inputs: tuple[Text, ...] = Field(
        default=(),
        max_length=100_000,
        description="columns of a table that are inputs, in this order; by default all but the "
        "target and what `drop` names, as in the file",
    )
    drop: tuple[Text, ...] = Field(
        default=(), max_length=100_000, description="columns of a table that are left out"
    )
    missing: Literal["error", "drop", "impute"] = Field(
        default="error",
        description="fields of a table that hold nothing; error: all are named; drop: their rows "
        "are left out; impute: they get the median of the training rows, of categories and of yes "
        "and no the most frequent; rows without a target are left out. Empty, ?, -, NA, N/A, NaN, "
        "NaT, None and null hold nothing",
    )
    dates: Literal["number", "drop"] = Field(
        default="number",
        description="columns of dates; number: days since 1970-01-01; drop: they are left out",
    )
    decimal: Literal["auto", "point", "comma"] = Field(
        default="auto",
        description="what stands before the decimals of a table's numbers; auto: what a column "
        "shows: in 1,200 commas part thousands unless semicolons part the fields, in 1,5 they do "
        "not",
    )

    domain: Box | None = Field(
        default=None,
        description="interpolation domain, an interval per input, in the inputs' order",
    )
    validation_domain: Box | None = Field(
        default=None, description="where validation rows are drawn"
    )
    extrapolation_domain: Box | None = Field(
        default=None, description="where reports extrapolate to"
    )
    samples: RowCount = Field(
        default=200,
        description="training rows drawn from the domain, of a formula or of a loaded network",
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
        "rows, that the network labels for strategies auto and direct to fit; auto: 10000, fewer "
        "where layers are wider than 3355 units; 0: the training rows alone",
    )
    boundary_rows: OptionalRowCount = Field(
        default=0,
        description="rows near a classifier's decision boundary, around the training rows, that "
        "formulas are fitted to beside the others",
    )
    boundary_sampling: Literal["segments", "box"] = Field(
        default="segments",
        description="how they are found; segments: between neighbours of different classes, halved "
        "towards where the class changes; box, as published: of 10 uniform points per row in the "
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

    @property
    def has_targets(self) -> bool:
        """Whether something says what the target is, beside the network."""
        return any((self.formula, self.file, self.pmlb, self.rows))

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the targets."""
        return (self.target,) if isinstance(self.target, str) else self.target

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
        yield from self._target_problems()
        yield from self._part_problems()
        yield from self._column_problems()
        if self.validation_samples not in ("auto", 0) and self.validation_domain is None:
            yield "'validation_samples' needs 'validation_domain'"
        if self.validation_fraction + self.test_fraction >= 1:
            yield "'validation_fraction' and 'test_fraction' leave no rows for training"

    def _target_problems(self) -> Iterator[str]:
        if len(self.targets) == 1:
            return
        for name in self.targets:
            if self.targets.count(name) > 1:
                yield f"'target' lists '{name}' twice"
        if self.task == "classification":
            yield "several targets are for regression: a classifier has one column of labels"
        if self.formula is not None:
            yield "several targets are for a table: a formula is one target"

    def _part_problems(self) -> Iterator[str]:
        """What says itself which rows are held out needs a table, and no second opinion."""
        if self.test_file is not None and self.file is None:
            yield "'test_file' needs 'file' beside it"
        if self.split_column is None:
            return
        if self.file is None and self.pmlb is None:
            yield "'split_column' is for a table: 'file' or 'pmlb'"
        if self.test_file is not None:
            yield "give only one of 'test_file' and 'split_column'"
        if self.split_column in (*self.targets, *self.categorical, *self.binary):
            yield "'split_column' is a column of its own, no target and no input"

    def _categorical_problems(self) -> Iterator[str]:
        """Categories cannot be drawn from an interval."""
        for key in ("categorical", "binary"):
            names = getattr(self, key)
            for name in names:
                if names.count(name) > 1:
                    yield f"'{key}' lists '{name}' twice"
                if name in self.targets:
                    yield f"'{key}' lists the target, '{name}'; it is for inputs"
            if names and (self.domain is not None or self.formula is not None):
                yield f"'{key}' is for the columns of a table without a 'domain'"
        if shared := [name for name in self.binary if name in self.categorical]:
            yield f"'categorical' and 'binary' both list '{shared[0]}'"

    def _column_problems(self) -> Iterator[str]:
        """What is said of columns needs a table, and no contradiction."""
        for key in ("inputs", "drop"):
            names = getattr(self, key)
            for name in dict.fromkeys(names):
                if names.count(name) > 1:
                    yield f"'{key}' lists '{name}' twice"
                if name == self.target:
                    yield f"'{key}' lists the target, '{name}'; it is for other columns"
        if shared := [name for name in self.inputs if name in self.drop]:
            yield f"'inputs' and 'drop' both list '{shared[0]}'"
        for key in ("inputs", "drop", "missing", "dates", "decimal"):
            is_set = getattr(self, key) != type(self).model_fields[key].default
            if is_set and self.file is None and self.pmlb is None:
                yield f"'{key}' is for the columns of a table: 'file' or 'pmlb'"
