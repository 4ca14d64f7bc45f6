"""How long a first run waits for the compiler, and how soon a later one searches.

    python bench/start.py

``srnet fit configs/quickstart.yaml`` with an empty cache of kernels, then again: seconds until the
first generation is done, everything included: start of the interpreter, imports, rows, and training
or loading of the network. Strategy auto, which is the default, and mnncgp-es.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.output import PROJECT, parser, save, table

GOALS = {"compilation": 30.0, "warm": 3.0}
STRATEGIES = ("auto", "mnncgp-es")


def main() -> None:
    """Run, print."""
    chosen = parser(__doc__).parse_args()
    results = []
    for strategy in STRATEGIES:
        with tempfile.TemporaryDirectory() as cache:
            cold, told = _first_generation(strategy, Path(cache))
            warm = min(_first_generation(strategy, Path(cache))[0] for _ in range(3))
        results.append({"strategy": strategy, "cold": cold, "warm": warm, "told": told})
    table(
        ["strategy", "first run, s", "a later one, s", "goal", "compilation, s", "goal", "says so"],
        [
            (
                r["strategy"],
                f"{r['cold']:.1f}",
                f"{r['warm']:.1f}",
                GOALS["warm"],
                f"{r['cold'] - r['warm']:.1f}",
                GOALS["compilation"],
                "yes" if r["told"] else "no",
            )
            for r in results
        ],
    )
    save(chosen.out, "start", {"goals": GOALS, "strategies": results})


def _first_generation(strategy: str, cache: Path) -> tuple[float, bool]:
    """Seconds until the first generation is done, and whether the fit said that it compiles."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-c", FIT, str(PROJECT / "configs/quickstart.yaml")),
            *(strategy, f"{folder}/run"),
        ]
        environment = os.environ | {"SRNET_CACHE_DIR": str(cache)}
        begin = time.time()
        output = subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment
        ).stdout
        seconds = float(output.split()[-1]) - begin
        return seconds, "compiling kernels" in output


# All that ``srnet fit`` does up to the news of its first generation.
FIT = """
import os, sys, time
from pathlib import Path
from srnet_cli.fit import fitting
from srnet_cli.reporting import Silent

class FirstGeneration(Silent):
    def notice(self, text):
        print(text)

    def progress(self, progress):
        print(time.time(), flush=True)
        os._exit(0)

path, strategy, run = sys.argv[1:]
settings = [f"evolution.strategy={strategy}"]
fitting.run(Path(path), settings, run_dir=Path(run), reporter=FirstGeneration())
"""

if __name__ == "__main__":
    main()
