"""What a suite will run: cases, which are variants of configs, and the trials of each."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srnet_cli.config.problems import UnreadKeyError
from srnet_cli.config.resolved import signature
from srnet_cli.config.schema import Experiment
from srnet_cli.config.written import one_line
from srnet_cli.errors import ConfigError
from srnet_cli.suites.reading import LoadedSuite, SuiteSettings

Load = Callable[[Path, Sequence[str]], Experiment]

_MAX_CASES = 10_000
MAX_TRIALS = 1_000_000
_STRATEGY = "evolution.strategy"
_OWN_KEYS = "Keys of one strategy go under its name in 'strategies', not in 'matrix' or 'set'."
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Case:
    """One variant of one config.

    Attributes:
        name: network and variant; also the name of its folder.
        network: the config's name in the suite.
        variant: what the variant changes, such as ``auto`` or ``mutation=0.2``; empty where the
            suite has only one.
        experiment: the settings, one trial at a time.
        config: the content of the config file.
        trials: how many.
    """

    name: str
    network: str
    variant: str
    experiment: Experiment
    config: bytes
    trials: int


@dataclass(frozen=True)
class Trial:
    """One trial of a case: a run of its own.

    Attributes:
        key: ``<case>/<number>``; also the run's folder under ``trials/``.
        case: whose.
        number: from 1.
    """

    key: str
    case: Case
    number: int

    def experiment(self) -> Experiment:
        """The settings of this trial alone, with the search that it is among the case's trials."""
        base = self.case.experiment
        changes = {
            "name": f"{self.case.name}-{self.number:04}",
            "first_trial": base.first_trial + self.number - 1,
        }
        return base.model_copy(update=changes)


@dataclass(frozen=True)
class Plan:
    """All that a suite runs.

    Attributes:
        name: of the suite.
        signature: eight hexadecimal digits that name what its trials compute, however many.
        cases: by network, then by variant.
        published: which published figures to set beside, or None.
        suite: the content of the suite file.
    """

    name: str
    signature: str
    cases: tuple[Case, ...]
    published: str | None
    suite: bytes

    def trials(self) -> Iterator[Trial]:
        """Every trial: the first of all cases, then the second of all, and so on."""
        for index in range(max(case.trials for case in self.cases)):
            for case in self.cases:
                if index < case.trials:
                    yield Trial(trial_key(case.name, index + 1), case, index + 1)


def trial_key(case: str, number: int) -> str:
    """The name of a trial."""
    return f"{case}/{number:04}"


def make_plan(suite: LoadedSuite, load: Load, sets: Sequence[str], trials: int | None) -> Plan:
    """Load every config in every variant.

    Args:
        suite: the suite.
        load: loads and checks a config with ``key=value`` overrides.
        sets: overrides from the command line, which count last.
        trials: replaces the number of trials everywhere.

    Raises:
        ConfigError: a config cannot be used, or not with a value of the matrix.
        DataError, ModelError: a file that a config names cannot be found.
    """
    settings = suite.settings
    _require_reasonable(settings, trials)
    variants = _variants(settings)
    cases = [
        _case(suite, network, path, label, overrides, load, sets, trials)
        for network, path in settings.configs.items()
        for label, overrides in variants.items()
    ]
    _require_few(sum(case.trials for case in cases))
    _require_distinct(case.name for case in cases)
    marks = {case.name: signature(case.experiment) for case in cases}
    digest = hashlib.sha256(json.dumps(marks, sort_keys=True).encode()).hexdigest()[:8]
    return Plan(settings.name, digest, tuple(cases), settings.published, suite.content)


def _require_distinct(names: Iterable[str]) -> None:
    """Two cases in one folder would overwrite each other's trials."""
    twice = [name for name, times in Counter(map(str.lower, names)).items() if times > 1]
    if twice:
        raise ConfigError(
            f"configs: two cases would have the folder '{twice[0]}'",
            hint="give one of the networks another name",
        )


def _case(
    suite: LoadedSuite,
    network: str,
    path: Path,
    variant: str,
    overrides: Sequence[str],
    load: Load,
    sets: Sequence[str],
    trials: int | None,
) -> Case:
    try:
        experiment = load(path, [*_assignments(suite.settings.set), *overrides, *sets])
    except ConfigError as error:
        hint = _OWN_KEYS if isinstance(error, UnreadKeyError) else error.hint
        where = suite.config.origin(("configs", network))
        problem = f"{where}: {network}{f' with {variant}' if variant else ''}: {error}"
        raise ConfigError(one_line(problem), hint=hint) from None
    count = trials or suite.settings.trials or experiment.trials
    alone = experiment.model_copy(
        update={
            "trials": 1,
            "evolution": experiment.evolution.model_copy(update={"threads": 1}),
        }
    )
    return Case(
        name=_folder(network, variant),
        network=network,
        variant=variant,
        experiment=alone,
        config=path.read_bytes(),
        trials=count,
    )


def _require_reasonable(settings: SuiteSettings, trials: int | None) -> None:
    """Refuse, before anything is multiplied out, more than a folder or a screen can hold."""
    variants = sum(math.prod(map(len, axes.values())) for _, axes in _axes(settings))
    cases = len(settings.configs) * variants
    if cases > _MAX_CASES:
        raise ConfigError(f"matrix: {cases:,} cases are more than {_MAX_CASES:,}")
    _require_few(cases * (trials or settings.trials or 1))


def _require_few(trials: int) -> None:
    if trials > MAX_TRIALS:
        raise ConfigError(f"trials: {trials:,} in all are more than {MAX_TRIALS:,}")


def _variants(settings: SuiteSettings) -> dict[str, list[str]]:
    """Overrides by the name of the variant: every combination of strategies and the matrix."""
    listed = list(_axes(settings))
    names = _short_names(dict.fromkeys(key for _, axes in listed for key in axes))
    variants: dict[str, list[str]] = {}
    for strategy, axes in listed:
        prefix = [strategy] if strategy and len(listed) > 1 else []
        for values in itertools.product(*axes.values()):
            chosen = dict(zip(axes, values, strict=True))
            varied = {key: value for key, value in chosen.items() if len(axes[key]) > 1}
            labels = [_label(names[key], value) for key, value in varied.items()]
            label = ", ".join(prefix + labels)
            if label in variants:
                raise ConfigError(f"matrix: the values of '{label}' are given twice")
            strategies = {_STRATEGY: strategy} if strategy else {}
            variants[label] = list(_assignments(strategies | chosen))
    return variants


def _axes(settings: SuiteSettings) -> Iterator[tuple[str, Mapping[str, Sequence[Any]]]]:
    """Every strategy, empty for that of the config, with the keys that vary and their values."""
    for strategy, own in (settings.strategies or {"": {}}).items():
        yield strategy, settings.matrix | own


def _short_names(keys: Mapping[str, Any]) -> dict[str, str]:
    """The last word of each key, where no other ends in it."""
    last = [key.rpartition(".")[2] for key in keys]
    return {k: s if last.count(s) == 1 else k for k, s in zip(keys, last, strict=True)}


def _label(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if name == "strategy" else f"{name}={text}"


def _assignments(values: Mapping[str, Any]) -> Iterator[str]:
    """As overrides are given; JSON is YAML."""
    for key, value in values.items():
        yield f"{key}={json.dumps(value, ensure_ascii=False)}"


def _folder(network: str, variant: str) -> str:
    """A folder's name that tells the variant, and differs where variants do."""
    if not variant:
        return network
    plain = variant.replace(", ", "-").replace("=", "-")
    safe = _UNSAFE.sub("_", plain)[:40]
    if safe != plain:
        safe += "-" + hashlib.sha256(variant.encode()).hexdigest()[:6]
    return f"{network}-{safe}"
