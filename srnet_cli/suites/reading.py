"""A suite file: which configs, how often, and in which variants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator

from srnet_cli.config import strict_yaml
from srnet_cli.config.loading import read_text
from srnet_cli.config.problems import explain
from srnet_cli.config.schema import Experiment, Settings
from srnet_cli.config.suggestions import did_you_mean
from srnet_cli.config.types import FilePath, Integer
from srnet_cli.config.written import Location, WrittenConfig, refusal, shortened
from srnet_cli.suites.published import FIGURES

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"

Values = Annotated[
    tuple[Any, ...],
    Field(min_length=1, max_length=1000, json_schema_extra={"expected": "a list of values"}),
]
Matrix = dict[str, Values]


def _listed(strategies: object) -> object:
    """A list of names, and names without keys, as a section with empty matrices."""
    if isinstance(strategies, tuple) and all(isinstance(name, str) for name in strategies):
        for name in strategies:
            if strategies.count(name) > 1:
                raise ValueError(f"'{name}' is listed twice")
        return {name: {} for name in strategies}
    if isinstance(strategies, dict):
        return {name: {} if own is None else own for name, own in strategies.items()}
    return strategies


Strategies = Annotated[dict[str, Matrix], BeforeValidator(_listed)]
Network = Annotated[str, Field(pattern=_NAME, max_length=40)]


class SuiteSettings(Settings):
    """The keys of a suite file."""

    name: str = Field(
        min_length=1,
        max_length=100,
        pattern=_NAME,
        json_schema_extra={"expected": "a name of letters, digits and . _ -"},
    )
    trials: Integer | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="trials of every variant of every config; by default as many as the config has",
    )
    configs: dict[Network, FilePath] = Field(
        min_length=1,
        max_length=10_000,
        description="config files by the network's name in tables",
        json_schema_extra={"expected": "a config file for every network, such as {K0: K0.yaml}"},
    )
    strategies: Strategies | None = Field(
        default=None,
        min_length=1,
        description="strategies to run each with, as a list, or as a section with a matrix of keys "
        "for each alone; by default that of the config",
        json_schema_extra={
            "expected": "a list of strategies, or a section with keys for each of them"
        },
    )
    matrix: Matrix = Field(
        default={},
        description="config keys with the values to run each with, in all combinations",
        json_schema_extra={"expected": "a list of values for every key"},
    )
    set: dict[str, Any] = Field(
        default={}, description="config keys with a value that replaces the configs'"
    )
    published: Literal["fitness", "agreement"] | None = Field(
        default=None, description="published figures of the same networks to set beside"
    )

    @field_validator("configs")
    @classmethod
    def _names_differ(cls, configs: dict[str, Path]) -> dict[str, Path]:
        if len({name.lower() for name in configs}) < len(configs):
            raise ValueError("two names differ in upper and lower case only")
        return configs


@dataclass(frozen=True)
class LoadedSuite:
    """A suite file, validated.

    Attributes:
        settings: its keys.
        config: the values as written, for later errors.
        content: the file.
    """

    settings: SuiteSettings
    config: WrittenConfig
    content: bytes


def read_suite(path: Path) -> LoadedSuite:
    """Read a suite file. Paths in it are as in configs: looked up beside the file first.

    Raises:
        ConfigError: one line that names file, line and key, for anything that is wrong with it.
    """
    source = shortened(str(path), 200)
    text = read_text(path, source)
    config = strict_yaml.parse(text, lambda line: f"{source}:{line}")
    if not isinstance(config.values, dict):
        raise refusal(f"{source}: a suite begins with 'name: …' and lists 'configs'")
    try:
        settings = SuiteSettings.model_validate(
            config.values, strict=True, context={"folder": path.parent}
        )
    except ValidationError as error:
        raise explain(error, config, SuiteSettings) from None
    _check_configs(settings, config)
    _check_keys(settings, config)
    _check_published(settings, config)
    return LoadedSuite(settings, config, text.encode())


def _check_configs(settings: SuiteSettings, config: WrittenConfig) -> None:
    for name, path in settings.configs.items():
        if not path.is_file():
            problem = f"{shortened(str(path), 300)}: no such config file"
            raise refusal(config.complaint(("configs", name), problem))


def _check_keys(settings: SuiteSettings, config: WrittenConfig) -> None:
    """Every key of ``matrix``, ``strategies`` and ``set`` is one that configs have."""
    known = set(config_keys())
    sections: list[tuple[Location, Iterable[str]]] = [
        (("matrix",), settings.matrix),
        (("set",), settings.set),
    ]
    sections += [(("strategies", name), own) for name, own in (settings.strategies or {}).items()]
    for section, keys in sections:
        for key in keys:
            if key in ("name", "trials"):
                problem = f"'{key}' is a key of the suite itself"
                raise refusal(config.complaint((*section, key), problem))
            if key == "evolution.threads":
                problem = "trials of a suite have one thread each, and run side by side instead"
                raise refusal(config.complaint((*section, key), problem))
            if key not in known:
                problem = f"configs have no such key; {did_you_mean(key, known)}"
                raise refusal(config.complaint((*section, key), problem))


def _check_published(settings: SuiteSettings, config: WrittenConfig) -> None:
    if settings.published is None:
        return
    known = FIGURES[settings.published]
    for name in settings.configs:
        if name not in known:
            problem = f"no published {settings.published} is known of '{name}', only of "
            raise refusal(config.complaint(("configs", name), problem + ", ".join(known)))


def config_keys(model: type[Settings] = Experiment, prefix: str = "") -> Iterator[str]:
    """Every key of a config that holds a value, dotted; those of several strategies repeat."""
    for name, field in model.model_fields.items():
        sections = _sections(field.annotation)
        for section in sections:
            yield from config_keys(section, f"{prefix}{name}.")
        if not sections:
            yield prefix + name


def _sections(annotation: Any) -> list[type[Settings]]:
    """The kinds of section that a field may hold, also where it may be left out."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return [annotation]
    members = getattr(annotation, "__args__", ())
    return [section for member in members for section in _sections(member)]
