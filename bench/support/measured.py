"""Fits whose seconds and memory are measured once, and kept beside the run folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

from support.fits import Fit

KIB_PER_UNIT = 1 / 1024 if sys.platform == "darwin" else 1  # of ru_maxrss


def measured_fit(planned: Fit, threads: int) -> dict[str, Any]:
    """Fit in a process of its own, or take the run that has finished.

    Returns:
        ``seconds`` and ``memory_mib`` of the fit from its first moment to its last, both None where
        it was begun by something else or in several goes; and what ``metrics.json`` says of the
        ``network``, the ``rows`` and the ``agreement``.
    """
    kept = planned.folder.with_name(f"{planned.folder.name}.cost.json")
    is_new = not planned.folder.exists()
    if is_new:
        kept.unlink(missing_ok=True)
    taken = _run(planned.command(threads))
    if is_new:
        kept.write_text(json.dumps(taken) + "\n")
    cost = json.loads(kept.read_text()) if kept.exists() else {"seconds": None, "memory_mib": None}
    metrics = json.loads((planned.folder / "metrics.json").read_text())
    agreement = {
        name: {key: scores[key] for key in ("agreement", "kappa", "majority_rate")}
        for name, scores in metrics["agreement"].items()
    }
    return {**cost, "network": metrics["network"], "rows": metrics["rows"], "agreement": agreement}


def _run(command: list[str]) -> dict[str, float]:
    """Run a command; gives its seconds and its peak memory in MiB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with exit code {process.returncode}")
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "memory_mib": usage.ru_maxrss * KIB_PER_UNIT / 1024}
