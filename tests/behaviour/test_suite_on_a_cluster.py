"""The shipped smoke suite as a user runs it: here, and on a cluster that loses a worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dask_cluster import DaskCluster, dask_cluster
from patience import until
from small_suite import results

from srnet_cli.store import RunFolder

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.slow,
    # Of Dask's own threads and sockets, closed when the collector comes by.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]

ROOT = Path(__file__).resolve().parents[2]
TRIALS = {
    f"{network}-mutation-{mutation}/{number:04}"
    for network in ("product", "waves")
    for mutation in (0.2, 0.4)
    for number in (1, 2, 3)
}


def bench(run: Path, *options: str) -> subprocess.Popen[str]:
    """Begin ``srnet bench configs/suites/smoke.yaml``."""
    command = ["-m", "srnet_cli", "bench", "configs/suites/smoke.yaml", "--format", "json"]
    return subprocess.Popen(
        [sys.executable, *command, "--run-dir", str(run), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_at_work(cluster: DaskCluster, name: str, is_over: Callable[[], bool]) -> None:
    """Kill a worker that has a trial and will not have ended it.

    It is stopped first, so that the trial does not end before the kill. Where it had ended already
    and only its result is still to be fetched, the worker goes on, and the next trial is taken.
    """
    from distributed import Client

    worker = cluster.workers[name]
    with Client(cluster.address, set_as_default=False) as client:
        known = client.scheduler_info()["workers"]
        (address,) = (
            known_address for known_address, about in known.items() if about["id"] == name
        )

        def has_trial() -> bool:
            return bool(client.processing([address])[address])

        def is_stopped_in_trial() -> bool:
            if not has_trial():
                return False
            os.kill(worker.pid, signal.SIGSTOP)
            time.sleep(1.0)  # for what it had sent before
            if has_trial():
                return True
            os.kill(worker.pid, signal.SIGCONT)
            return False

        assert until(lambda: is_stopped_in_trial() or is_over())
    worker.kill()


def told(process: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    """The report and the notices of a suite that ends well."""
    out, notices = process.communicate()
    assert process.returncode == 0, notices
    return json.loads(out), notices


@pytest.mark.long
def test_a_cluster_gives_the_same_bytes_though_a_worker_is_killed(tmp_path: Path) -> None:
    """A real scheduler and two worker processes, one of which is killed -9 in its trial: each of
    the twelve trials ends once, and every file is the same but for those that hold times."""
    with dask_cluster(tmp_path, 2) as cluster:
        cluster.wait_for_workers(2)
        afar = bench(tmp_path / "afar", "--scheduler", cluster.address)

        def is_over() -> bool:
            return afar.poll() is not None

        done = tmp_path / "afar/trials"
        assert until(lambda: any(done.glob("*/*/DONE.json")) or is_over())
        kill_at_work(cluster, "worker-0", is_over)
        report, notices = told(afar)
    assert notices.count("was lost; the trial is begun again") == 1
    assert [(case["done"], case["failed"]) for case in report["cases"]] == [(3, 0)] * 4
    assert report["failures"] == []
    runs = {
        run.parent.relative_to(done).as_posix(): run.parent for run in done.glob("*/*/run.json")
    }
    assert runs.keys() == TRIALS
    assert all(
        RunFolder.open(run).is_done and not RunFolder.open(run).verify() for run in runs.values()
    )
    told(bench(tmp_path / "here", "--jobs", "2"))
    assert results(tmp_path / "afar") == results(tmp_path / "here")
    plan = (tmp_path / "afar/suite.json").read_bytes()
    assert plan == (tmp_path / "here/suite.json").read_bytes()
