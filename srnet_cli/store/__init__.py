"""What is kept on disk: files that are whole or absent, run folders, finding them again."""

from srnet_cli.store.checkpoints import Checkpoint
from srnet_cli.store.commit import SCHEMA, Commit, Damage
from srnet_cli.store.directory import storage_errors
from srnet_cli.store.files import (
    check_new_file,
    encode_json,
    plain_values,
    read_bytes,
    read_json,
    replacing,
    write_atomic,
    write_json,
)
from srnet_cli.store.folder import RunFolder
from srnet_cli.store.layout import is_run_folder
from srnet_cli.store.lock import require_free
from srnet_cli.store.removal import remove_run
from srnet_cli.store.runs import Run, find_run, list_runs, runs_root

__all__ = [
    "SCHEMA",
    "Checkpoint",
    "Commit",
    "Damage",
    "Run",
    "RunFolder",
    "check_new_file",
    "encode_json",
    "find_run",
    "is_run_folder",
    "list_runs",
    "plain_values",
    "read_bytes",
    "read_json",
    "remove_run",
    "replacing",
    "require_free",
    "runs_root",
    "storage_errors",
    "write_atomic",
    "write_json",
]
