"""A real Dask scheduler with worker processes, on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from patience import LONG, until


class DaskCluster:
    """A scheduler and workers in processes of their own.

    Attributes:
        address: of the scheduler.
        workers: the processes, by the name they were started with.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contact = folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--port", "0", "--scheduler-file", str(self._contact), environment={}
        )
        self.address = ""
        self.workers: dict[str, subprocess.Popen[bytes]] = {}

    def wait_for_scheduler(self) -> None:
        """Until it has said where it is."""
        until(lambda: bool(_address(self._contact)) or self.scheduler.poll() is not None)
        self.address = _address(self._contact)
        assert self.address, f"the scheduler did not start: {self._folder / 'dask.log'}"

    def wait_for_workers(self, count: int) -> None:
        """Until so many have found the scheduler."""
        from distributed import Client

        with Client(self.address, set_as_default=False, timeout=LONG) as client:
            came = until(lambda: len(client.nthreads()) == count)
        assert came, "the workers did not come, or did not leave"

    def add(self, name: str, environment: Mapping[str, str] | None = None, port: int = 0) -> None:
        """Start a worker process that dies when it is killed: without a nanny to replace it."""
        self.workers[name] = self._start(
            *("worker", self.address, "--nthreads", "1", "--no-nanny", "--name", name),
            *("--worker-port", str(port)),
            *("--local-directory", str(self._folder / name)),
            environment=environment or {},
        )

    def end(self, name: str) -> None:
        """Kill a worker."""
        worker = self.workers.pop(name)
        worker.kill()
        worker.wait()

    def close(self) -> None:
        """End all of it."""
        for process in (*self.workers.values(), self.scheduler):
            process.kill()
            process.wait()

    def _start(
        self, kind: str, *options: str, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        tests = str(Path(__file__).parent)
        path = os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])
        with (self._folder / "dask.log").open("ab") as log:
            return subprocess.Popen(
                [
                    *(sys.executable, "-W", "ignore", "-m", "dask", kind, *options),
                    *("--host", "127.0.0.1", "--no-dashboard"),
                ],
                env={**os.environ, "PYTHONPATH": path, **environment},
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )


def _address(contact: Path) -> str:
    """The scheduler's address, once its file is written."""
    try:
        return str(json.loads(contact.read_text())["address"])
    except (OSError, ValueError):
        return ""


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[DaskCluster]:
    """A cluster with so many workers, which may still be on their way."""
    cluster = DaskCluster(folder)
    try:
        cluster.wait_for_scheduler()
        for number in range(workers):
            cluster.add(f"worker-{number}")
        yield cluster
    finally:
        cluster.close()
