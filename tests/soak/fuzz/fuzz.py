"""Fuzz what reads files, guided by coverage (atheris), each kind in a process of its own.

``python tests/soak/fuzz/fuzz.py --minutes 60`` shares the time out among the kinds and prints a row
for each; ``--only onnx,keras`` chooses. Inputs that reached something new stay in ``--corpus`` and
are begun with the next time. Whatever is found lies in ``--findings``, a file each, and is tried
again without the fuzzer's instruments, which make code slower: only what is wrong then too counts.

Held for every input: it ends in an answer or in an ``SrnetError`` of one line and a documented exit
code, within a second of processor time and within 1 GB of memory. Libraries are imported before.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import targets

MOST_SECONDS = 1.0
MOST_BYTES = 1 << 30
_CODES = (2, 3, 4)
_LONGEST = 1 << 16  # bytes of an input
_PATIENCE = 300.0  # seconds for an input alone


class Watch:
    """Runs a target on one input after the other, and says what is wrong with each."""

    def __init__(self, kind: targets.Kind, seeds: list[Path]) -> None:
        self._run = kind.run
        self.most_seconds = 0.0
        for library in kind.libraries:
            importlib.import_module(library)
        for seed in seeds:  # imports whatever is imported late
            self.problem(seed.read_bytes())
        self.most_seconds = 0.0

    @property
    def most_bytes(self) -> int:
        """The most memory that this process has had."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def problem(self, data: bytes) -> str:
        """What is wrong with how an input is read; empty where nothing is."""
        from srnet_cli.errors import SrnetError

        before, began = self.most_bytes, time.process_time()
        said = ""
        try:
            self._run(data)
        except SrnetError as error:
            if error.exit_code not in _CODES or "\n" in str(error) or not str(error).isprintable():
                said = f"exit {error.exit_code}: {error!r}"
        except Exception as error:
            said = _place(error)
        seconds = time.process_time() - began
        self.most_seconds = max(self.most_seconds, seconds)
        if not said and seconds > MOST_SECONDS:
            said = f"slow: {seconds:.1f} s"
        if not said and self.most_bytes > max(before, MOST_BYTES):
            said = f"memory: {self.most_bytes >> 20} MiB"
        return said


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "srnet_cli" in frame.filename] or frames
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
    return f"{type(error).__name__} at {where}: {' '.join(str(error).split())[:200]}"


def _seeds(kind: str, corpus: Path) -> list[Path]:
    """Whole files of a kind, written once."""
    folder = corpus / f"{kind}-seeds"
    if not folder.exists():
        folder.mkdir(parents=True)
        for seed in targets.KINDS[kind].seeds():
            if len(seed) > _LONGEST:  # it would be cut, and no whole file be left
                raise ValueError(f"{kind}: a seed of {len(seed)} bytes; {_LONGEST} are tried")
            (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    return sorted(folder.iterdir())


def _fuzz(kind: str, corpus: Path, findings: Path, seconds: int) -> None:
    """Fuzz one kind in this process until the time is over; ends the process."""
    import atheris

    seeds = _seeds(kind, corpus)
    with atheris.instrument_imports(include=["srnet_cli", "pickletools", "yaml", "skops"]):
        watch = Watch(targets.KINDS[kind], seeds)
    (corpus / kind).mkdir(exist_ok=True)
    known: set[str] = set()

    def one(data: bytes) -> None:
        said = watch.problem(data)
        sort = re.sub(r"[0-9.]+ s$|\d+ MiB$", "", said.partition(": ")[0])
        if said and sort not in known:
            known.add(sort)
            (findings / f"{kind}-{hashlib.sha1(data).hexdigest()[:12]}").write_bytes(data)

    options = [
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST}",
        "-timeout=60",
        "-len_control=0",
    ]
    options += [
        f"-artifact_prefix={findings}/{kind}-",
        "-rss_limit_mb=3000",
        "-print_final_stats=1",
    ]
    folders = [str(corpus / kind), str(corpus / f"{kind}-seeds")]
    atheris.Setup([sys.argv[0], *options, *folders], one, **_custom(kind))
    atheris.Fuzz()


def _custom(kind: str) -> dict[str, Callable[[bytes, int, int], bytes]]:
    """How a kind is changed, where bytes are not changed alone."""
    import atheris

    mutate = targets.KINDS[kind].mutate
    if mutate is None:
        return {}
    return {
        "custom_mutator": lambda data, most, seed: mutate(
            bytes(data), most, random.Random(seed), atheris.Mutate
        )
    }


def _again(kind: str, corpus: Path, paths: list[Path]) -> None:
    """Read files without instruments, and print what is wrong with each, as JSON."""
    watch = Watch(targets.KINDS[kind], _seeds(kind, corpus))
    print(json.dumps({path.name: watch.problem(path.read_bytes()) for path in paths}))


def _confirmed(kind: str, corpus: Path, findings: Path) -> list[str]:
    """The findings of a kind that are wrong without instruments too, a line each."""
    lines = []
    for path in sorted(findings.glob(f"{kind}-*")):
        command = [sys.executable, __file__, "--corpus", str(corpus), "--again", kind, str(path)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            lines.append(f"{path}: does not end")
            continue
        if done.returncode:
            lines.append(f"{path}: ends with {done.returncode}: {done.stderr.strip()[-200:]}")
        elif said := json.loads(done.stdout.splitlines()[-1])[path.name]:
            lines.append(f"{path}: {said}")
    return lines


def _run_kind(kind: str, corpus: Path, findings: Path, seconds: int) -> tuple[int, int]:
    """Fuzz a kind in a process of its own, begun again where it crashes; (inputs, coverage)."""
    end, inputs, coverage = time.monotonic() + seconds, 0, 0
    while (rest := int(end - time.monotonic())) > 0:
        command = [sys.executable, __file__, "--kind", kind, "--seconds", str(rest)]
        command += ["--corpus", str(corpus), "--findings", str(findings)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        inputs += sum(map(int, re.findall(r"number_of_executed_units: (\d+)", done.stderr)))
        coverage = max([coverage, *map(int, re.findall(r"cov: (\d+)", done.stderr))])
        if done.returncode and "number_of_executed_units" not in done.stderr:
            print(f"{kind}: cannot be fuzzed: {done.stderr.strip()[-300:]}", file=sys.stderr)
            break
    return inputs, coverage


def main() -> int:
    """Fuzz all kinds, or those that are named; gives the exit code, 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description="Fuzz what reads files.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--only", default="", help="kinds, divided by commas")
    parser.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir(), "srnet-corpus"))
    parser.add_argument("--findings", type=Path, default=Path(tempfile.gettempdir(), "srnet-found"))
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--again", nargs="+", help="a kind and files: read these once, and judge")
    asked = parser.parse_args()
    if asked.again:
        kind, *paths = asked.again
        _again(kind, asked.corpus, [Path(path) for path in paths])
        return 0
    if asked.kind:
        _fuzz(asked.kind, asked.corpus, asked.findings, asked.seconds)
        return 0
    kinds = [kind for kind in targets.KINDS if kind in asked.only.split(",") or not asked.only]
    asked.findings.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    print(f"{'':12}   inputs  coverage   CPU s  findings", flush=True)
    for kind in kinds:
        seconds, before = max(1, int(60.0 * asked.minutes / len(kinds))), _processor_time()
        inputs, coverage = _run_kind(kind, asked.corpus, asked.findings, seconds)
        spent = _processor_time() - before
        found = _confirmed(kind, asked.corpus, asked.findings)
        print(f"{kind:12}  {inputs:7}  {coverage:8}  {spent:6.0f}  {len(found):8}", flush=True)
        lines += found
    print("\n".join(lines))
    return 1 if lines else 0


def _processor_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
