"""Attacks by what is read: configs, network files, run folders that fit their own hashes."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import random
import shutil
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from srnet_cli.cli import console
from srnet_cli.cli.app import app
from srnet_cli.store.commit import Fingerprint, seal

_ROOT = Path(__file__).parents[2]
_GOLDEN = _ROOT / "tests" / "golden" / "0.1.0"
_ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 3, 10**30, 1e308, -1e308, 0.5, "NaN", "", "x", "\x1b[31m"),
    *([], {}, [[]], [None], {"a": 1}),
)


def configs(place: Path, rng: random.Random) -> Iterator[str]:
    """Mutate shipped configs, byte by byte and line by line: validate never fails but in a word."""
    texts = [path.read_bytes() for path in sorted((_ROOT / "configs").glob("*.yaml"))]
    path = place / "config.yaml"
    while True:
        path.write_bytes(_mutated(rng.choice(texts), rng))
        yield _judged(["validate", str(path)], (0, 2, 3))


def networks(place: Path, rng: random.Random) -> Iterator[str]:
    """Mutate network files: loading never fails but in a word."""
    from srnet_cli.errors import SrnetError
    from srnet_cli.networks.formats import network_from_bytes

    weights = {f"weight{n}": np.ones((2, 2)) for n in (1, 2)}
    buffer = io.BytesIO()
    np.savez(buffer, **weights, **{f"bias{n}": np.ones(2) for n in (1, 2)})
    whole = [buffer.getvalue(), (_GOLDEN / "mnncgp" / "network.safetensors").read_bytes()]
    while True:
        try:
            network_from_bytes(_mutated(rng.choice(whole), rng))
        except SrnetError as error:
            yield "" if error.exit_code == 3 and "\n" not in str(error) else repr(error)
        except Exception as error:
            yield f"{type(error).__name__}: {error}"
        else:
            yield ""


def runs(place: Path, rng: random.Random) -> Iterator[str]:
    """Change values in the JSON files of a run and seal it anew: documented codes only."""
    os.environ["SRNET_RUNS_DIR"] = str(place)
    run = place / "r-1"
    kinds = ("auto", "classifier", "mnncgp", "unfinished")
    commands = (["explain", "--run", str(run)], ["ls", "--format", "json"], ["ls"])
    for number in itertools.count():
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(_GOLDEN / kinds[number % len(kinds)], run)
        target = rng.choice([one for one in run.glob("*.json") if one.name != "DONE.json"])
        value = json.loads(target.read_bytes())
        for _ in range(rng.choice((1, 1, 2, 3))):
            value = _changed(value, rng)
        target.write_text(json.dumps(value))
        _reseal(run, target)
        command = rng.choice(commands)
        problem = _judged(command, (0, 2, 3, 4))
        yield f"{kinds[number % len(kinds)]} {target.name}: {problem}" if problem else ""


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


def _changed(value: Any, rng: random.Random) -> Any:
    path = rng.choice(list(_paths(value)))
    if not path:
        return rng.choice(_ODD)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    old = holder[path[-1]]
    act = rng.randrange(4)
    if act == 0:
        del holder[path[-1]]
    elif act == 1 and isinstance(holder, list):
        holder.append(old)
    elif act == 2 and isinstance(old, int | float) and not isinstance(old, bool):
        holder[path[-1]] = rng.choice((-old, old + 1, old - 1, 2**40))
    else:
        holder[path[-1]] = rng.choice(_ODD)
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
