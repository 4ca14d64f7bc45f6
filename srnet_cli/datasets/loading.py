"""From the settings of a dataset to its rows.

Where the three sets of rows come from:

=========  ===============================  ==================================  =================
source     train                            test                                y
=========  ===============================  ==================================  =================
formula    ``samples`` rows of the domain,  ``test_samples`` fresh rows of the  the formula
           drawn as ``sampling`` says       domain
domain     as above                         as above                            none
rows       all rows of the file             ``test_samples`` fresh rows of the  the file, else the
                                            domain; without a domain a          formula, else none
                                            ``test_fraction`` of the rows
file,      the rest                         a ``test_fraction`` of the rows,    the target columns
pmlb                                        or what ``test_file`` or
                                            ``split_column`` say
=========  ===============================  ==================================  =================

Fresh test rows follow the training rows: with ``sampling: diagonal`` they lie at uniform positions
on the diagonal, otherwise they are uniform in the domain.

With a ``validation_domain``, ``validation_samples`` uniform rows of it are the validation rows,
whatever the source; only the network labels them. Without one, a table gives a
``validation_fraction`` of its rows and the other sources give none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from srnet_cli.config.schema import DatasetSettings
from srnet_cli.config.types import Box
from srnet_cli.datasets.dataset import Array, Dataset, Domain, Rows, Table
from srnet_cli.datasets.formula import Formula, parse_formula
from srnet_cli.datasets.sampling import label, sample, scatter
from srnet_cli.datasets.splits import Split, split_rows
from srnet_cli.datasets.suggest import did_you_mean, listed, quoted
from srnet_cli.errors import ConfigError, DataError
from srnet_cli.rng import stream


def load_dataset(settings: DatasetSettings, seed: int) -> Dataset:
    """Load or draw a dataset; equal settings, files and seed give equal rows.

    Raises:
        ConfigError: settings that contradict each other or a formula that cannot be read.
        DataError: files or rows that cannot be used.
        StorageError: a fetched table cannot be stored.
    """
    if settings.rows is not None:
        dataset = _from_rows(settings, seed)
    elif settings.formula is not None:
        dataset = _from_formula(settings, seed)
    elif not settings.has_targets:
        dataset = _from_domain(settings, seed)
    else:
        dataset = _from_table(settings, seed)
    _check_classes(dataset)
    return _with_domains(dataset, settings, seed)


def dataset_of_rows(
    settings: DatasetSettings, X: Array, names: Sequence[str] = (), seed: int = 0
) -> Dataset:
    """A dataset of rows that are at hand, which only the network labels.

    Args:
        settings: fractions of the rows, and the domain, if any, which names the inputs.
        X: raw rows, (n, d).
        names: of the inputs, where there is no domain; by default x0, x1 ….
        seed: decides which rows are held out.

    Raises:
        ConfigError: the domain has another number of inputs.
    """
    count = X.shape[1]
    names = tuple(settings.domain or names) or tuple(f"x{place}" for place in range(count))
    if len(names) != count:
        raise ConfigError(f"dataset.domain has {len(names)} inputs, the rows have {count}")
    split = split_rows(
        len(X), validation=settings.validation_fraction, test=settings.test_fraction, seed=seed
    )
    rows = Rows(X, None)
    dataset = replace(
        _empty(settings, tuple(names)),
        train=rows.take(split.train),
        validation=rows.take(split.validation),
        test=rows.take(split.test),
    )
    return _with_domains(dataset, settings, seed)


def _from_formula(settings: DatasetSettings, seed: int) -> Dataset:
    assert settings.domain is not None  # the schema sees to it
    assert settings.formula is not None
    features = tuple(settings.domain)
    truth = parse_formula(settings.formula, features)
    domain = Domain.from_box(settings.domain)
    rng = stream(seed, "dataset", "train")
    X = sample(domain, settings.samples, settings.sampling, rng)
    train = label(X, truth, lambda n: scatter(domain, n, settings.sampling, rng))
    test = _fresh_rows(settings, domain, truth, seed)
    notes = _undefined(X, truth)
    return replace(_empty(settings, features), train=train, test=test, truth=truth, notes=notes)


def _undefined(X: Array, truth: Formula) -> tuple[str, ...]:
    """A note where the formula has no value on some of the rows that were drawn first."""
    share = float(np.mean(~np.isfinite(truth(X))))
    if not share:
        return ()
    return (
        f"formula {quoted(truth.text)} has no value on {share:.0%} of its domain: all rows of the "
        "domain are drawn from the rest",
    )


def _from_domain(settings: DatasetSettings, seed: int) -> Dataset:
    """Rows that nothing but the network labels."""
    if settings.domain is None:
        raise ConfigError(
            "dataset: nothing says where rows lie",
            hint="give dataset.domain, such as {x0: [-1, 1], x1: [0, 5]}, or dataset.file",
        )
    domain = Domain.from_box(settings.domain)
    rng = stream(seed, "dataset", "train")
    X = sample(domain, settings.samples, settings.sampling, rng)
    test = _fresh_rows(settings, domain, None, seed)
    return replace(_empty(settings, tuple(settings.domain)), train=Rows(X, None), test=test)


def _from_rows(settings: DatasetSettings, seed: int) -> Dataset:
    from srnet_cli.datasets.categories import one_hot

    table = _npz_table(settings)
    domain = _domain(settings.domain, table.features, "domain")
    truth = parse_formula(settings.formula, table.features) if settings.formula else None
    train = Rows(table.X, table.y)
    if truth and table.y is None:
        train = _labelled(train.X, truth, str(settings.rows))
    if domain is None:
        split = _split(settings, train, 0.0, seed)
        table = one_hot(table, split.train, str(settings.rows), settings.binary)
        train = Rows(table.X, train.y)
        train, test = train.take(split.train), train.take(split.test)
    else:
        test = _fresh_rows(settings, domain, truth, seed)
    return replace(_with_columns(settings, table), train=train, test=test, truth=truth)


def _from_table(settings: DatasetSettings, seed: int) -> Dataset:
    from srnet_cli.datasets.categories import one_hot
    from srnet_cli.datasets.parts import (
        split_before,
        split_by_column,
        with_targets,
        with_test_rows,
    )
    from srnet_cli.datasets.pmlb import read_pmlb
    from srnet_cli.datasets.tables import read_table
    from srnet_cli.datasets.treatment import Treatment, filled

    first, *others = settings.targets
    column = settings.split_column
    # Words that say what a row is for are read as categories.
    words = [column] if column else []
    categorical = (*settings.categorical, *settings.binary, *words)
    asked_by = dict.fromkeys(others, "target") | dict.fromkeys(words, "split_column")
    treatment = replace(Treatment.from_settings(settings), asked_by=asked_by)
    if treatment.inputs:
        beside = [name for name in (*others, column) if name and name not in treatment.inputs]
        treatment = replace(treatment, inputs=(*treatment.inputs, *beside))
    reading = (first, settings.task, categorical, treatment)
    if settings.file is not None:
        table = read_table(settings.file, *reading)
    else:
        assert settings.pmlb is not None  # the schema sees to it
        table = read_pmlb(settings.pmlb, *reading)
    where = str(settings.file or settings.pmlb)
    table = with_targets(table, tuple(others), where)
    fraction = 0.0 if settings.validation_domain else settings.validation_fraction
    if column is not None:
        table, split = split_by_column(table, column, where)
    elif settings.test_file is not None:
        test = with_targets(
            read_table(settings.test_file, *reading), tuple(others), str(settings.test_file)
        )
        table = with_test_rows(table, test, str(settings.test_file))
        labels = table.y if settings.task == "classification" else None
        split = split_before(
            len(table.X), len(test.X), validation=fraction, seed=seed, labels=labels
        )
    else:
        split = _split(settings, Rows(table.X, table.y), fraction, seed)
    table = one_hot(filled(table, split.train, where), split.train, where, settings.binary)
    rows = Rows(table.X, table.y)
    return replace(
        _with_columns(settings, table),
        train=rows.take(split.train),
        validation=rows.take(split.validation),
        test=rows.take(split.test),
    )


def _empty(settings: DatasetSettings, features: tuple[str, ...]) -> Dataset:
    """A dataset with its columns named, before there are rows."""
    nothing = Rows(np.empty((0, len(features))), None)
    return Dataset(
        features=features,
        target=", ".join(settings.targets),
        targets=settings.targets if len(settings.targets) > 1 else (),
        task=settings.task,
        classes=(),
        train=nothing,
        validation=nothing,
        test=nothing,
    )


def _with_columns(settings: DatasetSettings, table: Table) -> Dataset:
    """A dataset with a table's columns, before there are rows."""
    return replace(
        _empty(settings, table.features),
        classes=table.classes,
        notes=table.notes,
        categories=table.categories,
        readings=table.readings,
        imputed=table.imputed,
    )


def _split(settings: DatasetSettings, rows: Rows, validation: float, seed: int) -> Split:
    labels = rows.y if settings.task == "classification" else None
    return split_rows(
        len(rows), validation=validation, test=settings.test_fraction, seed=seed, labels=labels
    )


def _npz_table(settings: DatasetSettings) -> Table:
    """The rows of an npz file, their columns named by the declared domain if there is one."""
    from srnet_cli.datasets.npz_file import read_npz_rows
    from srnet_cli.datasets.tables import make_table
    from srnet_cli.datasets.treatment import Treatment

    assert settings.rows is not None
    frame, target = read_npz_rows(settings.rows)
    if settings.domain is not None:
        if len(settings.domain) != len(frame.columns):
            raise DataError(
                f"{settings.rows}: X has {len(frame.columns)} columns, dataset.domain has "
                f"{len(settings.domain)} inputs ({listed(list(settings.domain), 12)})"
            )
        frame = frame.set_axis(list(settings.domain), axis=1)
    where = str(settings.rows)
    categorical = (*settings.categorical, *settings.binary)
    treatment = Treatment(binary=settings.binary)
    return make_table(frame, target, settings.task, where, categorical, treatment)


def _with_domains(dataset: Dataset, settings: DatasetSettings, seed: int) -> Dataset:
    """Add the domains, and the validation rows where they come from one."""
    names = dataset.features
    _check_targets(dataset)
    dataset = replace(
        dataset,
        domain=_domain(settings.domain, names, "domain"),
        validation_domain=_domain(settings.validation_domain, names, "validation_domain"),
        extrapolation_domain=_domain(settings.extrapolation_domain, names, "extrapolation_domain"),
    )
    if dataset.validation_domain is None:
        return dataset
    n = settings.validation_samples
    size = max(10, 3 * (len(dataset.train) // 10)) if n == "auto" else n
    rng = stream(seed, "dataset", "validation")
    X = sample(dataset.validation_domain, size, "uniform", rng)
    return replace(dataset, validation=Rows(X, None))


def _check_targets(dataset: Dataset) -> None:
    """Rows without a table have one target."""
    y = dataset.train.y
    if dataset.targets and (y is not None and y.ndim == 1):
        raise ConfigError("dataset.target: several targets are for the columns of a table")


def _domain(box: Box | None, features: tuple[str, ...], key: str) -> Domain | None:
    """The domain of a box in the order of the features, which it must name one and all."""
    if box is None:
        return None
    for name in box:
        if name not in features:
            near = did_you_mean(name, features)
            raise ConfigError(f"dataset.{key}: {quoted(name)} is no column of the data{near}")
    for name in features:
        if name not in box:
            raise ConfigError(f"dataset.{key}: no interval for the column {quoted(name)}")
    return Domain.from_box(box, features)


def _fresh_rows(
    settings: DatasetSettings, domain: Domain, truth: Formula | None, seed: int
) -> Rows:
    """Test rows that no one has seen, labelled where there is a formula."""
    rng = stream(seed, "dataset", "test")
    X = scatter(domain, settings.test_samples, settings.sampling, rng)
    if truth is None:
        return Rows(X, None)
    return label(X, truth, lambda n: scatter(domain, n, settings.sampling, rng))


def _labelled(X: Array, truth: Formula, where: str) -> Rows:
    """Given rows with the formula's values."""
    y = truth(X)
    bad = np.flatnonzero(~np.isfinite(y))
    if len(bad):
        raise DataError(
            f"{where}: formula {quoted(truth.text)} is not finite on {len(bad)} of {len(X)} rows "
            f"(first: row {bad[0] + 1}); remove them or leave out the formula"
        )
    return Rows(X, y)


def _check_classes(dataset: Dataset) -> None:
    """A class that no training row shows cannot be learnt."""
    if dataset.task == "classification" and dataset.train.y is not None:
        seen = set(dataset.train.y.astype(int).tolist())
        for index, name in enumerate(dataset.classes):
            if index not in seen:
                raise DataError(
                    f"dataset: none of the {len(dataset.train)} training rows has the class "
                    f"{quoted(name)}; give more rows, merge classes or lower the fractions"
                )
