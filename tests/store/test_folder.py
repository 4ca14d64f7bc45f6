"""Run folders: commit, verification, reading without writing."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from disk_faults import Fault, disk_with, fault_at, tear
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store import SCHEMA, Checkpoint, Damage, RunFolder, find_run, list_runs
from srnet_cli.store.commit import seal
from srnet_cli.store.lock import LOCK

FILES = {
    "config.yaml": b"name: demo\n",
    "expressions.json": b'{"layers": []}\n',
    "empty.txt": b"",
    "plots/fitness.png": bytes(range(256)),
    "log.txt": b"started\n",
}


def make_run(root: Path) -> Path:
    with RunFolder.create(root, "demo", "0a1b2c3d") as run:
        for name, content in FILES.items():
            run.write(name, content)
        run.write_json("run.json", {"schema": SCHEMA})
        run.save_checkpoint(10, b"state")
        run.commit()
    return run.path


@pytest.fixture
def finished(tmp_path) -> Path:
    return make_run(tmp_path)


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        path.as_posix(): (path.stat().st_mtime_ns, path.stat().st_ctime_ns)
        for path in [folder, *folder.rglob("*")]
    }


def test_a_folder_is_named_after_experiment_and_signature(tmp_path):
    """The folder is made with the ones above it, and holds only the lock at first."""
    with RunFolder.create(tmp_path / "deep" / "runs", "K0", "0a1b2c3d") as run:
        assert run.path == tmp_path / "deep" / "runs" / "K0-0a1b2c3d"
        assert os.listdir(run.path) == [LOCK]
        assert not run.is_done
        assert run.newest_checkpoint() is None


def test_the_commit_holds_the_hash_of_every_file(finished):
    """DONE.json gives size and SHA-256 of each file, computed here from the files themselves."""
    before = datetime.now(UTC).isoformat()
    record = json.loads((finished / "DONE.json").read_bytes())
    assert record["schema"] == SCHEMA
    assert record["finished"] <= before
    expected = {
        path.relative_to(finished).as_posix(): {
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in finished.rglob("*")
        if path.is_file() and path.name not in (LOCK, "DONE.json")
    }
    assert record["files"] == expected
    assert len(expected) == len(FILES) + 2
    assert RunFolder.open(finished).verify() == []


def test_what_was_written_is_read(finished):
    """Contents, JSON and checkpoints come back from a finished run."""
    run = RunFolder.open(finished)
    assert {name: run.read(name) for name in FILES} == FILES
    assert run.read_json("run.json") == {"schema": SCHEMA}
    assert run.newest_checkpoint() == Checkpoint(10, b"state")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> Path:
    return make_run(tmp_path_factory.mktemp("pristine"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_is_found_and_named(pristine, data):
    """One bit changed in any file, the commit included, is found by verify and refused by read."""
    names = sorted(
        path.relative_to(pristine).as_posix()
        for path in pristine.rglob("*")
        if path.is_file() and path.name not in (LOCK, "empty.txt")
    )
    name = data.draw(st.sampled_from(names))
    content = (pristine / name).read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    bad = bytearray(content)
    bad[position] ^= 1 << data.draw(st.integers(0, 7))
    (pristine / name).write_bytes(bad)
    try:
        run = RunFolder.open(pristine)
        assert run.verify() == [Damage(name, "changed")]
        with pytest.raises(StorageError, match="is damaged"):
            run.read("config.yaml" if name == "DONE.json" else name)
    finally:
        (pristine / name).write_bytes(content)


def test_missing_unexpected_and_replaced_files_are_found(finished):
    """Each is named with what is wrong; a pipe in a file's place does not block."""
    (finished / "config.yaml").unlink()
    (finished / "plots" / "new.png").write_bytes(b"")
    (finished / "expressions.json").unlink()
    os.mkfifo(finished / "expressions.json")
    (finished / "empty.txt").write_bytes(b"no longer")
    damage = RunFolder.open(finished).verify()
    assert [str(entry) for entry in damage] == [
        "config.yaml: missing",
        "empty.txt: changed",
        "expressions.json: changed",
        "plots/new.png: unexpected",
    ]


def test_the_log_may_grow(finished):
    """Lines added to the log after the commit are no damage; lost ones are."""
    log = finished / "log.txt"
    log.write_bytes(FILES["log.txt"] + b"looked at\n")
    assert RunFolder.open(finished).verify() == []
    log.write_bytes(FILES["log.txt"][:-1])
    assert RunFolder.open(finished).verify() == [Damage("log.txt", "changed")]


def test_before_the_commit_checkpoints_are_verified(tmp_path):
    """An unfinished run has no hashes, but a damaged checkpoint shows."""
    with RunFolder.claim(tmp_path / "run") as run:
        run.save_checkpoint(1, b"x")
        assert run.verify() == []
        (run.path / "checkpoint" / "generation-000000001.ckpt").write_bytes(b"?")
        assert run.verify() == [Damage("checkpoint/generation-000000001.ckpt", "changed")]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b'{"files": {"a": 1}}', b'{"digest": "0"}', b"\xff"]
)
def test_a_forged_commit_is_damage(finished, content):
    """A DONE.json of another shape is damage: one line, not a traceback."""
    (finished / "DONE.json").write_bytes(content)
    run = RunFolder.open(finished)
    assert run.verify() == [Damage("DONE.json", "changed")]
    with pytest.raises(StorageError, match=r"DONE\.json is damaged"):
        run.committed()


@pytest.mark.parametrize(
    "files", [None, [], {"a": 1}, {"a": {}}, {"a": {"size": "x", "sha256": 1}}]
)
def test_a_forged_commit_with_a_good_digest_is_damage(finished, files):
    """Entries of a wrong shape are damage even where the digest fits them."""
    record = {"schema": SCHEMA, "finished": "2026-01-01", "files": files}
    (finished / "DONE.json").write_bytes(seal(record))
    assert RunFolder.open(finished).verify() == [Damage("DONE.json", "changed")]


def test_reading_writes_nothing(finished, tmp_path):
    """Finding, opening, reading and verifying leave no trace and need no right to write."""

    def forbid(step, real, args):
        if step != "open" or args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(*args)

    before = snapshot(tmp_path)
    with disk_with(forbid):
        assert find_run(tmp_path, "latest") == finished
        assert [run.state for run in list_runs(tmp_path)] == ["finished"]
        run = RunFolder.open(finished)
        assert run.read("expressions.json") == FILES["expressions.json"]
        assert run.verify() == []
        with pytest.raises(StorageError, match=r"Read-only file system \(EROFS\)"):
            RunFolder.claim(finished)
    assert snapshot(tmp_path) == before


def test_a_folder_without_rights_to_write(finished):
    """A folder that has been made read-only is read as before."""
    for path in [*finished.rglob("*"), finished]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        run = RunFolder.open(finished)
        assert run.read("config.yaml") == FILES["config.yaml"]
        assert run.verify() == []
    finally:
        for path in [finished, *finished.rglob("*")]:
            path.chmod(0o755)


def test_a_moved_folder_is_whole(finished, tmp_path):
    """Nothing in the folder depends on where it stands."""
    moved = tmp_path / "elsewhere" / "kept"
    shutil.copytree(finished, moved)
    shutil.rmtree(finished)
    run = RunFolder.open(moved)
    assert run.verify() == []
    assert run.read("config.yaml") == FILES["config.yaml"]


def test_a_finished_run_is_not_written_by_accident(finished):
    """Writing to a finished or to an unlocked run is a bug; reopened, the run may go on."""
    with pytest.raises(RuntimeError, match="reading only"):
        RunFolder.open(finished).reopen()
    with RunFolder.claim(finished) as run:
        assert run.is_done
        for write in (
            lambda: run.write("config.yaml", b""),
            lambda: run.save_checkpoint(11, b""),
            run.commit,
        ):
            with pytest.raises(RuntimeError, match="committed"):
                write()
        run.reopen()
        assert not run.is_done
        run.save_checkpoint(11, b"further")
        run.commit()
    assert run.verify() == []
    assert run.newest_checkpoint() == Checkpoint(11, b"further")
    with pytest.raises(RuntimeError, match="committed"):
        run.write("config.yaml", b"")


def test_the_lock_is_freed_on_an_error(tmp_path):
    """Whatever happens within, leaving the folder frees it."""
    with pytest.raises(ZeroDivisionError), RunFolder.claim(tmp_path / "run"):
        raise ZeroDivisionError
    RunFolder.claim(tmp_path / "run").close()


@pytest.mark.parametrize("committed", [True, False])
def test_a_newer_layout_is_refused(finished, committed):
    """A folder of a later release is refused by its version, to read as to write."""
    record = json.loads((finished / "DONE.json").read_bytes()) | {"schema": SCHEMA + 1}
    if committed:
        (finished / "DONE.json").write_bytes(seal(record))
    else:
        (finished / "DONE.json").unlink()
        (finished / "run.json").write_text(json.dumps({"schema": SCHEMA + 1}))
    # The second claim shows that the first has let go of the lock.
    for opening in (RunFolder.open, RunFolder.claim, RunFolder.claim):
        with pytest.raises(StorageError, match="made by a newer srnet") as caught:
            opening(finished)
        assert caught.value.hint == "update srnet"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "two"}', '{"schema": null}'])
def test_a_damaged_layout_version_does_not_hide_the_run(finished, content):
    """Where the version cannot be read the folder opens, and verify tells what is damaged."""
    (finished / "run.json").write_text(content)
    assert RunFolder.open(finished).verify() == [Damage("run.json", "changed")]
    (finished / "DONE.json").unlink()
    assert RunFolder.open(finished).verify() == []


def test_a_damaged_digit_is_no_newer_layout(finished):
    """A commit whose version was damaged is reported as damaged, not as made by a later release."""
    content = (finished / "DONE.json").read_text()
    (finished / "DONE.json").write_text(content.replace('"schema": 1', '"schema": 9'))
    assert RunFolder.open(finished).verify() == [Damage("DONE.json", "changed")]


def test_other_folders_are_left_alone(tmp_path):
    """A folder that holds something else is not made a run folder, nor read as one."""
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UsageError, match="neither empty nor a run folder"):
        RunFolder.claim(tmp_path)
    assert os.listdir(tmp_path) == ["thesis.tex"]
    for path in (tmp_path, tmp_path / "gone", tmp_path / "thesis.tex"):
        with pytest.raises(UsageError, match="is not a run folder"):
            RunFolder.open(path)


def test_names_that_are_not_text_can_be_committed(tmp_path):
    """A file whose name is not UTF-8 is committed and verified like the others."""
    with RunFolder.claim(tmp_path / "run") as run:
        Path(os.fsdecode(bytes(run.path) + b"/\xff.txt")).write_bytes(b"x")
        run.commit()
    assert run.verify() == []


def test_an_amended_run_is_committed_with_what_was_added(finished):
    """New files verify, can be read and replaced, and the run keeps its place in time."""
    before = RunFolder.open(finished).committed()
    for content in (b"one", b"another"):
        with RunFolder.claim(finished) as run:
            run.amend({"compare.csv": content, "plots/more.png": content})
        assert RunFolder.open(finished).verify() == []
        assert RunFolder.open(finished).read("compare.csv") == content
    after = RunFolder.open(finished).committed()
    assert after.finished == before.finished
    assert set(after.files) - set(before.files) == {"compare.csv", "plots/more.png"}


def test_amending_does_not_hide_damage(finished):
    """A file that was changed before is still not what was committed."""
    (finished / "expressions.json").write_bytes(b"{}")
    with RunFolder.claim(finished) as run:
        run.amend({"compare.csv": b"one"})
    assert RunFolder.open(finished).verify() == [Damage("expressions.json", "changed")]


def test_only_a_finished_run_that_is_held_is_amended(tmp_path, finished):
    """Without the lock, or before the commit, there is nothing to amend."""
    with pytest.raises(RuntimeError, match="reading only"):
        RunFolder.open(finished).amend({"compare.csv": b"one"})
    with RunFolder.create(tmp_path, "other", "1") as run, pytest.raises(StorageError):
        run.amend({"compare.csv": b"one"})
    assert not (tmp_path / "other-1" / "compare.csv").exists()


def amendments(finished: Path, into: Path) -> tuple[dict[str, bytes], list[tuple[Path, int]]]:
    """Files that replace one and add one, in a new folder; and a copy of a run for each step at
    which a process that adds them was killed, half-way through where it is a write."""
    files = {"expressions.json": b"new", "more/one.png": b"one"}

    def die(step, real, args):
        tear(step, real, args)
        os.kill(os.getpid(), signal.SIGKILL)

    left = []
    for n in count(1):
        copy = into / str(n)
        shutil.copytree(finished, copy)
        if (child := os.fork()) == 0:
            with disk_with(fault_at(n, die)), RunFolder.claim(copy) as run:
                run.amend(files)
            os._exit(0)
        left.append((copy, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
        if left[-1][1] == 0:
            return files, left
    raise AssertionError


def contents(run: RunFolder, names: Iterable[str]) -> dict[str, bytes | None]:
    return {name: run.read(name) if run.has(name) else None for name in names}


def test_an_amendment_killed_at_any_step_is_there_or_not(finished, tmp_path):
    """The run verifies and reads as before or as after, never by half; the next holder of the lock
    leaves nothing lying about, and the same again sets it right."""
    files, left = amendments(finished, tmp_path / "killed")
    before, after = contents(RunFolder.open(finished), files), files
    seen = []
    for copy, code in left:
        reader = RunFolder.open(copy)
        assert reader.verify() == [], copy
        seen.append(contents(reader, files))
        assert seen[-1] in (before, after), copy
        if code == 0:
            assert seen[-1] == after
        with RunFolder.claim(copy) as run:
            assert contents(run, files) == seen[-1]
            names = os.listdir(copy)
            assert not [name for name in names if name.endswith(".tmp")]
            assert seen[-1] == before or (copy / "more/one.png").read_bytes() == b"one"
            run.amend(files)
        assert reader.verify() == []
        assert {name: (copy / name).read_bytes() for name in files} == files
    # Kills on both sides of the commit.
    assert 10 < seen.count(before) < len(seen) - 5


@pytest.mark.parametrize(("code", "lasting"), [(errno.EIO, False), (errno.ENOSPC, True)])
def test_a_failing_disk_leaves_an_amendment_there_or_not(finished, tmp_path, code, lasting):
    """Whichever call fails, once or from then on: as before or as after, and the same again."""
    files = {"expressions.json": b"new", "more/one.png": b"one"}
    before = contents(RunFolder.open(finished), files)
    for n in count(1):
        copy, steps = tmp_path / str(n), []

        def fail(step, real, args, steps=steps):
            steps.append(step)
            raise OSError(code, os.strerror(code))

        shutil.copytree(finished, copy)
        with (
            RunFolder.claim(copy) as run,
            suppress(StorageError),
            disk_with(fault_at(n, fail, lasting=lasting)),
        ):
            run.amend(files)
        if not steps:
            break
        assert RunFolder.open(copy).verify() == []
        assert contents(RunFolder.open(copy), files) in (before, files)
        with RunFolder.claim(copy) as run:
            run.amend(files)
        assert contents(RunFolder.open(copy), files) == files
    assert n > 10


def test_what_waits_for_its_place_is_verified(finished):
    """A waiting content that was changed passes for nothing, and is not put in place."""
    with RunFolder.claim(finished) as run, suppress(StorageError), disk_with(_no_more_after_done()):
        run.amend({"expressions.json": b"new"})
    (waiting,) = finished.glob(".*.tmp")
    assert RunFolder.open(finished).read("expressions.json") == b"new"
    waiting.write_bytes(b"odd")
    assert RunFolder.open(finished).verify() == [Damage("expressions.json", "changed")]
    with pytest.raises(StorageError, match="damaged"):
        RunFolder.open(finished).read("expressions.json")
    waiting.unlink()
    os.mkfifo(waiting)
    RunFolder.claim(finished).close()
    assert (finished / "expressions.json").read_bytes() == FILES["expressions.json"]


def _no_more_after_done() -> Fault:
    seen = []

    def fault(step, real, args):
        if seen and step == "replace":
            raise OSError(errno.EIO, "a bad sector")
        if step == "replace" and args[1] == "DONE.json":
            seen.append(step)
        return real(*args)

    return fault


@pytest.mark.parametrize(("stands", "added"), [("compare.csv/", "compare.csv"), ("more", "more/a")])
def test_an_amendment_that_has_no_room_is_refused_before_it_is_committed(finished, stands, added):
    """A folder in the place of a file, or the other way round: nothing is changed."""
    path = finished / stands
    path.mkdir() if stands.endswith("/") else path.write_bytes(b"")
    before = (finished / "DONE.json").read_bytes()
    with RunFolder.claim(finished) as run, pytest.raises(StorageError, match="in its way"):
        run.amend({"expressions.json": b"new", added: b""})
    assert (finished / "DONE.json").read_bytes() == before
    assert RunFolder.open(finished).read("expressions.json") == FILES["expressions.json"]


def test_a_run_made_elsewhere_is_adopted(tmp_path):
    """Its files replace those of an attempt here, and its commit is kept as it is."""
    with RunFolder.claim(tmp_path / "there") as there:
        there.write("run.json", b'{"schema": 1}')
        there.write("plots/a.png", b"picture")
        there.commit()
    names = ("run.json", "plots/a.png", "DONE.json")
    files = {name: (tmp_path / "there" / name).read_bytes() for name in names}
    with RunFolder.claim(tmp_path / "here") as here:
        here.write("run.json", b"begun")
        here.save_checkpoint(3, b"state")
        here.adopt(files)
    assert here.is_done
    assert here.verify() == []
    assert {name: (tmp_path / "here" / name).read_bytes() for name in names} == files


@pytest.mark.parametrize("name", ["run.json", "extra", "missing"])
def test_a_run_that_is_not_whole_is_not_adopted(tmp_path, name):
    """A changed, an additional and a missing file are refused, and nothing is committed."""
    with RunFolder.claim(tmp_path / "there") as there:
        there.write("run.json", b'{"schema": 1}')
        there.write("missing", b"")
        there.commit()
    files = {name: (tmp_path / "there" / name).read_bytes() for name in ("run.json", "DONE.json")}
    files |= {"missing": b""} | {name: b"x"}
    if name == "missing":
        del files["missing"]
    with RunFolder.claim(tmp_path / "here") as here, pytest.raises(StorageError, match="not those"):
        here.adopt(files)
    assert not here.is_done
