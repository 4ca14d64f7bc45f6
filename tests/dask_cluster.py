"""A real Dask scheduler with worker processes, on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

LONG = 60.0


class DaskCluster:
    """A scheduler and workers in processes of their own.

    Attributes:
        address: of the scheduler.
        workers: the processes, by the name they were started with.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        contact = folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--port", "0", "--scheduler-file", str(contact), environment={}
        )
        self.address = ""
        end = time.monotonic() + LONG
        while not self.address and time.monotonic() < end:
            try:
                self.address = json.loads(contact.read_text())["address"]
            except (OSError, ValueError):
                time.sleep(0.05)
        assert self.address, "the scheduler did not start"
        self.workers: dict[str, subprocess.Popen[bytes]] = {}

    def wait_for_workers(self, count: int) -> None:
        """Until so many have found the scheduler."""
        end = time.monotonic() + LONG
        while self._count() != count:
            assert time.monotonic() < end, "the workers did not come, or did not leave"
            time.sleep(0.05)

    def _count(self) -> int:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            return len(client.nthreads())

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


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[DaskCluster]:
    """A cluster with so many workers, which may still be on their way."""
    cluster = DaskCluster(folder)
    try:
        for number in range(workers):
            cluster.add(f"worker-{number}")
        yield cluster
    finally:
        cluster.close()
