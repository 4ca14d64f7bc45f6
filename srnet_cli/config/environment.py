"""The environment variables that the program reads."""

from __future__ import annotations

from collections.abc import Mapping

VARIABLES: Mapping[str, str] = {
    "SRNET_RUNS_DIR": "the folder of runs, by default `runs`",
    "SRNET_DATA_DIR": "the folder of downloaded tables, by default `data`",
    "SRNET_CACHE_DIR": "the folder of compiled kernels and trained networks; by default "
    "`XDG_CACHE_HOME`, else `~/.cache`. Another user who could write to it makes it unusable",
    "SRNET_PUBLISHED_DIR": "the published networks, for `configs/published`",
    "SRNET_LOG_LEVEL": "what modules log is shown from this level on: `debug`, `info`, `warning`",
    "SRNET_FULL_ERROR": "`1`: errors come with the place in the code where they arose",
    "SRNET_ERRORS": "`json`: errors as JSON, as `--json-errors` asks for",
}
"""Our own, each with its meaning."""

OTHERS: Mapping[str, str] = {
    "NO_COLOR": "anything: no colours, neither in help nor in progress",
    "COLUMNS": "the width of what is printed, where no terminal says it",
    "NUMBA_DISABLE_JIT": "`1`: nothing is compiled, for tests; everything is then very slow",
    "NUMBA_NUM_THREADS": "read by numba; `evolution.threads` limits ours",
}
"""Those of other programs that count here."""
