"""Attacks by what is read: configs, network files, run folders that fit their own hashes."""

from __future__ import annotations

import contextlib
import copy
import io
import itertools
import json
import os
import random
import shutil
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import seeds
from small_run import write_config

from srnet_cli.cli import console
from srnet_cli.cli.app import app
from srnet_cli.errors import SrnetError
from srnet_cli.store.commit import Fingerprint, seal

_MADE_SLOWLY = ("torch", "keras", "skops")
_ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 3, 10**30, 1e308, -1e308, 0.5, "NaN", "", "x", "\x1b[31m"),
    *([], {}, [[]], [None], {"a": 1}),
)


def configs(place: Path, rng: random.Random) -> Iterator[str]:
    """Mutate shipped configs, byte by byte and line by line: validate never fails but in a word."""
    texts = list(seeds.configs().values())
    path = place / "config.yaml"
    while True:
        path.write_bytes(_mutated(rng.choice(texts), rng))
        yield _judged(["validate", str(path)], (0, 2, 3))


def networks(place: Path, rng: random.Random, *, quick: bool = False) -> Iterator[str]:
    """Mutate network files of every kind: reading never fails but in a word.

    Where it is to be quick, none that other programs have to write first.
    """
    from srnet_cli.networks.readers.loaded import Wishes
    from srnet_cli.networks.readers.registry import read_network_bytes

    makers = [make for kind, make in seeds.NETWORKS.items() if not (quick and kind in _MADE_SLOWLY)]
    kinds = [files for make in makers if (files := make())]
    for files in kinds:
        for name, data in files.items():  # loads what is loaded late
            with contextlib.suppress(SrnetError):
                read_network_bytes(Path(name), data, Wishes())
    for number in itertools.count():
        files = kinds[number % len(kinds)]
        name = rng.choice(list(files))
        data = seeds.with_right_sums(_mutated(files[name], rng))
        path = place / f"network{Path(name).suffix}"
        path.write_bytes(data)  # there to be looked at, should this process end with it
        try:
            loaded = read_network_bytes(path, data, Wishes())
            inputs = loaded.network.widths[0]
            if inputs <= 1000:
                loaded.network.predict(np.zeros((2, inputs)))
        except SrnetError as error:
            known = error.exit_code == 3 and "\n" not in str(error)
            yield "" if known else _kept(path, repr(error))
        except Exception as error:
            yield _kept(path, f"{type(error).__name__}: {error}")
        else:
            yield ""


def _kept(path: Path, problem: str) -> str:
    """The problem, with the file that shows it kept."""
    kept = Path(tempfile.mkdtemp(prefix="srnet-soak-"), path.name)
    kept.write_bytes(path.read_bytes())
    return f"{kept}: {problem}"


def checkpoints(place: Path, rng: random.Random) -> Iterator[str]:
    """Change the states in a checkpoint and seal it anew: refused, or gone on with in safety."""
    from srnet_cli.evolution.restoring import require_fits, restored
    from srnet_cli.evolution.strategies import STRATEGIES
    from srnet_cli.fit.preparation import prepare
    from srnet_cli.fit.search import make_search
    from srnet_cli.fit.validating import load
    from srnet_cli.reporting import Silent
    from srnet_cli.store import Checkpoint

    searches = {}
    for strategy in STRATEGIES:
        config = write_config(place, ("strategy: mnncgp-es", f"strategy: {strategy}"))
        prepared = prepare(load(config), Silent())
        search = make_search(prepared, 0, 1)
        search.warm_up()  # a changed state may run what has not been compiled yet
        state = search.init()
        search.advance(state, 3)
        whole = STRATEGIES[strategy].pack([state])
        searches[strategy] = (prepared, search, whole)
    for number in itertools.count():
        strategy = list(searches)[number % len(searches)]
        prepared, search, whole = searches[strategy]
        data = seeds.with_right_sums(_tampered(whole, rng))
        (place / strategy).write_bytes(data)
        try:
            widths = prepared.problem.widths
            states = restored(prepared.experiment, Checkpoint(3, data), place, widths)
            require_fits(search, states, 0, place)
            search.advance(states[0], 1)
        except SrnetError as error:
            known = error.exit_code == 4 and "\n" not in str(error)
            yield "" if known else _kept(place / strategy, repr(error))
        except Exception as error:
            yield _kept(place / strategy, f"{type(error).__name__}: {error}")
        else:
            yield ""


def _tampered(whole: bytes, rng: random.Random) -> bytes:
    """An npz file with numbers of an array replaced, its shape or type, or bytes changed."""
    with np.load(io.BytesIO(whole), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    name = rng.choice(list(arrays))
    array = arrays[name]
    match rng.randrange(6):
        case 0:
            return _mutated(whole, rng)
        case 1:
            del arrays[name]
        case 2:
            arrays[name] = array[..., : array.shape[-1] // 2] if array.ndim else array.reshape(1)
        case 3:
            arrays[name] = array.astype(rng.choice(("f4", "i8", "i4", "f8", "u1")))
        case _ if array.size:
            array = array.copy()
            values = array.reshape(-1)
            odd = (-1, 0, 1, 2**31 - 1, -(2**31), 10**6, 255)
            if array.dtype.kind == "f":
                odd = (*odd, float("nan"), float("inf"), -1e308)
            for _ in range(rng.choice((1, 1, 3, 10))):
                with np.errstate(all="ignore"), contextlib.suppress(OverflowError):
                    values[rng.randrange(array.size)] = rng.choice(odd)
            arrays[name] = array
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def runs(place: Path, rng: random.Random) -> Iterator[str]:
    """Change values in the JSON files of a run and seal it anew: documented codes only."""
    os.environ["SRNET_RUNS_DIR"] = str(place)
    run = place / "r-1"
    kinds = ("auto", "classifier", "mnncgp", "unfinished")
    commands = (
        ["explain", "--run", str(run)],
        ["export", "--to", "python", "--run", str(run)],
        ["verify", "--run", str(run)],
        ["ls", "--format", "json"],
        ["ls"],
    )
    for number in itertools.count():
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(seeds.GOLDEN / kinds[number % len(kinds)], run)
        _tamper(run, rng)
        problem = _judged(rng.choice(commands), (0, 2, 3, 4))
        if problem:
            kept = shutil.copytree(run, tempfile.mkdtemp(prefix="srnet-soak-"), dirs_exist_ok=True)
            problem = f"{kept}: {problem}"
        yield problem


def _tamper(run: Path, rng: random.Random) -> None:
    """Change a file of a run, its values where it is JSON, else its bytes; and seal it anew."""
    beside = ("DONE.json", "LOCK")
    files = [path for path in sorted(run.iterdir()) if path.is_file() and path.name not in beside]
    target = rng.choice([*files, *[path for path in files if path.suffix == ".json"]])
    if target.suffix != ".json":
        target.write_bytes(seeds.with_right_sums(_mutated(target.read_bytes(), rng)))
    else:
        value = json.loads(target.read_bytes())
        for _ in range(rng.choice((1, 1, 2, 3))):
            value = changed(value, rng)
        target.write_text(json.dumps(value))
    _reseal(run, target)


def _mutated(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(data)) if data else 0
        match rng.randrange(5):
            case 0 if data:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at:at] = rng.choice(
                    (b"\0", b"\n", b": ", b"{", b"- ", b"1e999", b"\xff", b"&a ")
                )
            case 2:
                del data[at : at + rng.randint(1, 20)]
            case 3:
                data[at:at] = data[at : at + rng.randint(1, 40)]
            case _:
                number = rng.choice((b"-1", b"0", b"1e9", b"99999999999999999999", b"nan", b"[]"))
                data[at : at + rng.randint(0, 4)] = number
    return bytes(data)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    keys: Sequence[Any] = ()
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield from _paths(value[key], (*path, key))


def changed(value: Any, rng: random.Random) -> Any:
    path = rng.choice(list(_paths(value)))
    odd = copy.deepcopy(rng.choice(_ODD))  # which later changes may reach into
    if not path:
        return odd
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    old = holder[path[-1]]
    act = rng.randrange(4)
    if act == 0:
        del holder[path[-1]]
    elif act == 1 and isinstance(holder, list):
        holder.append(copy.deepcopy(old))
    elif act == 2 and isinstance(old, int | float) and not isinstance(old, bool):
        holder[path[-1]] = rng.choice((-old, old + 1, old - 1, 2**40))
    else:
        holder[path[-1]] = odd
    return value


def _reseal(run: Path, target: Path) -> None:
    done = run / "DONE.json"
    if done.exists():
        record = json.loads(done.read_bytes())
        print_ = Fingerprint.of(target.read_bytes())
        record["files"][target.name] = {"size": print_.size, "sha256": print_.sha256}
        done.write_bytes(seal(record))


def _judged(command: list[str], allowed: Sequence[int]) -> str:
    """Run a command in this process; says what is wrong with how it ended."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = console.run(app, command)
        except BaseException as error:
            return f"{command[0]}: {''.join(traceback.format_exception(error))[-500:]}"
    said = out.getvalue() + err.getvalue()
    if code not in allowed:
        return f"{command[0]}: exit {code}: {err.getvalue()[-300:]}"
    if code and not 1 <= len(err.getvalue().splitlines()) <= 3:
        return f"{command[0]}: {len(err.getvalue().splitlines())} lines"
    return f"{command[0]}: prints an escape sequence" if "\x1b" in said else ""
