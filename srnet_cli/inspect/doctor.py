"""``srnet doctor``: whether everything that the program stands on is as it should be."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from srnet_cli.config.environment import OTHERS, VARIABLES
from srnet_cli.config.suggestions import did_you_mean
from srnet_cli.errors import StorageError, UsageError
from srnet_cli.rendering.document import Document, Section, remarks
from srnet_cli.rendering.table import Column, table

State = Literal["fine", "note", "fault"]

_PACKAGE = "srnet"
_COLLECTIONS = ("all", "bench", "dev")
"""Extras that are made of others, or are for those who work on the program itself."""

_MIB = 2**20


@dataclass(frozen=True)
class Check:
    """What was looked at.

    Attributes:
        name: what it is.
        state: fine; a note, with which everything works all the same; or a fault.
        told: what was seen, in a few words.
        remedy: what to do about it; empty where nothing is wrong.
    """

    name: str
    state: State
    told: str
    remedy: str = ""


def run() -> list[Check]:
    """Look at versions, processors, folders, compiled kernels, extras and environment variables.

    Nothing is written, except that a missing cache folder is made.
    """
    return [
        *_versions(),
        _processors(),
        _cache(),
        *_kernels(),
        _folder("runs", "SRNET_RUNS_DIR", "runs"),
        _folder("downloaded tables", "SRNET_DATA_DIR", "data"),
        *_extras(),
        *_variables(),
    ]


def document(checks: list[Check]) -> Document:
    """A row per check, and below what to do."""
    rows = [(check.name, check.state, check.told) for check in checks]
    columns = [Column("what"), Column("state"), Column("seen", wraps=True)]
    remedies = [f"{check.name}: {check.remedy}" for check in checks if check.remedy]
    return Document(
        title="",
        sections=(Section("", (table(columns, rows),)), remarks(remedies)),
        record=[asdict(check) for check in checks],
    )


def require_no_fault(checks: list[Check]) -> None:
    """Make sure that nothing is faulty.

    Raises:
        UsageError: something is.
    """
    faults = [check.name for check in checks if check.state == "fault"]
    if faults:
        raise UsageError(f"not as it should be: {', '.join(faults)}")


def _versions() -> Iterator[Check]:
    python = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Check("srnet", "fine", f"{metadata.version(_PACKAGE)}, Python {python}")
    wrong = [
        mismatch
        for requirement in _requirements(None)
        if (mismatch := _mismatch(*requirement)) is not None
    ]
    if wrong:
        yield Check("packages", "fault", "; ".join(wrong), "install srnet again")
        return
    shown = ("numpy", "numba", "scikit-learn", "sympy", "pandas")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in shown)
    yield Check("packages", "fine", versions)


def _requirements(extra: str | None) -> Iterator[tuple[str, str]]:
    """Names and bounds of what srnet needs, or of what an extra of it adds."""
    from packaging.requirements import Requirement

    for line in metadata.requires(_PACKAGE) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        is_needed = marker is None or marker.evaluate({"extra": ""})
        is_added = marker is not None and not is_needed and marker.evaluate({"extra": extra or ""})
        if (is_added if extra else is_needed) and requirement.name != _PACKAGE:
            yield requirement.name, str(requirement.specifier)


def _mismatch(name: str, bounds: str) -> str | None:
    """What is wrong with an installed package; None where nothing is."""
    from packaging.specifiers import SpecifierSet

    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} is missing"
    if not SpecifierSet(bounds).contains(version, prereleases=True):
        return f"{name} {version} is not {bounds}"
    return None


def _processors() -> Check:
    from srnet_cli.executor.processors import processors

    mine, all_there = processors(), os.cpu_count() or 1
    of_all = f" of {all_there}" if mine < all_there else ""
    return Check("processors", "fine", f"{mine}{of_all} for this process{_memory()}")


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return ""
    return f", {total / 2**30:.1f} GiB of memory"


def _cache() -> Check:
    from srnet_cli.caches import cache_folder, make_private

    remedy = "kernels are compiled anew in every run until this is put right"
    try:
        folder = cache_folder("kernels")
        make_private(folder)
    except StorageError as error:
        return Check("cache", "note", str(error), error.hint or remedy)
    if not os.access(folder, os.W_OK):
        return Check("cache", "note", f"{folder} cannot be written", remedy)
    size = sum(path.lstat().st_size for path in folder.parent.rglob("*") if path.is_file())
    return Check("cache", "fine", f"{folder.parent}, yours alone, {size / _MIB:.0f} MiB")


def _kernels() -> Iterator[Check]:
    from srnet_cli.cgp.kernels.cache import CACHE_FOLDER, JIT_DISABLED, is_compiled
    from srnet_cli.evolution.strategies import STRATEGIES

    if JIT_DISABLED:
        words = "compilation is switched off: everything is very slow"
        yield Check("kernels", "note", words, "unset NUMBA_DISABLE_JIT")
        return
    if CACHE_FOLDER is None:
        yield Check("kernels", "note", "no folder to keep them in")
        return
    missing = [name for name, strategy in STRATEGIES.items() if not is_compiled(strategy.kernel)]
    if missing:
        words = f"not yet compiled for {', '.join(missing)}"
        remedy = "the first fit compiles them, in some minutes; 'srnet warmup' does it now"
        yield Check("kernels", "note", words, remedy)
    else:
        yield Check("kernels", "fine", f"compiled for {', '.join(STRATEGIES)}")


def _folder(name: str, variable: str, default: str) -> Check:
    """A folder that is made when it is needed."""
    path = Path(os.environ.get(variable) or default)
    shown = f"{path}" if path.is_absolute() else f"{path} in {Path.cwd()}"
    if path.exists() and not path.is_dir():
        return Check(name, "fault", f"{shown} is no folder", f"set {variable} to another one")
    there = next((place for place in (path, *path.absolute().parents) if place.exists()), path)
    if not os.access(there, os.W_OK | os.X_OK):
        return Check(name, "fault", f"{shown} cannot be written", f"set {variable}")
    return Check(name, "fine", shown + ("" if path.exists() else ", not made yet"))


def _extras() -> Iterator[Check]:
    extras = metadata.metadata(_PACKAGE).get_all("Provides-Extra") or []
    for extra in extras:
        if extra in _COLLECTIONS:
            continue
        needed = list(_requirements(extra))
        wrong = [mismatch for need in needed if (mismatch := _mismatch(*need)) is not None]
        name = f"extra {extra}"
        if wrong:
            yield Check(name, "note", "; ".join(wrong), f"pip install 'srnet[{extra}]'")
        else:
            versions = ", ".join(f"{package} {metadata.version(package)}" for package, _ in needed)
            yield Check(name, "fine", versions)


def _variables() -> Iterator[Check]:
    for name, value in sorted(os.environ.items()):
        if name in VARIABLES or (name in OTHERS and name != "COLUMNS"):
            yield Check(name, "fine", value or "empty, which counts as not set")
        elif name.startswith("SRNET_"):
            near = did_you_mean(name, VARIABLES)
            yield Check(name, "note", "set, and read by nobody", near)
