"""The cache of compiled kernels: private, keyed by the sources, and never a reason to fail."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import srnet_cli
from srnet_cli.cgp.kernels import cache, jit

pytestmark = pytest.mark.skipif(jit.JIT_DISABLED, reason="nothing is compiled")

PACKAGE = Path(srnet_cli.__file__).parent

# A kernel that compiles in a moment and calls another one.
CALL = """
import numpy as np
from srnet_cli.cgp.kernels import cache
from srnet_cli.cgp.kernels.genes import chromosome_key
print(chromosome_key(np.uint64(5), 1, 2, 3), sum(chromosome_key.stats.cache_hits.values()))
print(cache.CACHE_FOLDER)
"""
KEY = "10980307702718586598"


def run(base):
    """Call the kernel in a process with a cache of its own.

    Returns:
        (what it printed, what it complained of): result and cache hits, and the cache folder.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", CALL],
        cwd=PACKAGE.parent,
        env=environment | {"SRNET_CACHE_DIR": str(base)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """A cache that one process has filled, and what that printed."""
    base = tmp_path_factory.mktemp("compiled")
    return base, run(base)


@pytest.fixture
def filled(first_run, tmp_path):
    """A copy of that cache, to be damaged."""
    return Path(shutil.copytree(first_run[0], tmp_path / "filled"))


def poly(x):
    """Two overloads of this are compiled below."""
    return x * x + 1


@pytest.fixture
def compile_again(tmp_path, monkeypatch):
    """A function that makes ``poly`` a kernel as a new process would, with a cache in tmp_path."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(jit, "CACHE_FOLDER", tmp_path)
    return lambda: jit.kernel()(poly)


def files(folder):
    """Every file below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_kernels_are_compiled_once(first_run):
    """A second process takes over what the first compiled, from a folder that is the user's own."""
    base, ((answer, folder), complaint) = first_run
    assert (answer, complaint) == (f"{KEY} 0", "")
    assert (base / "srnet" / "kernels") in Path(folder).parents
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert run(base) == ([f"{KEY} 1", folder], "")


def test_damaged_files_are_compiled_again(filled):
    """Files that were cut off or overwritten are noticed, and whole again after the run."""
    whole = files(filled)
    assert len(whole) >= 2
    for number, path in enumerate(whole):
        data = path.read_bytes()
        middle = len(data) // 2
        damaged = data[:middle] if number % 2 else data[:middle] + bytes(64) + data[middle + 64 :]
        path.write_bytes(damaged)
    (answer, _), complaint = run(filled)
    assert answer == f"{KEY} 0"
    assert "damaged" in complaint
    (answer, _), complaint = run(filled)
    assert (answer, complaint) == (f"{KEY} 1", "")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7), st.booleans())
def test_no_flipped_bit_is_run(compile_again, tmp_path, place, bit, cut):
    """Whichever bit flips, or wherever a file ends early, the kernel is compiled again."""
    compile_again()(3)
    (path,) = files(tmp_path)
    data = bytearray(path.read_bytes())
    at = int(place * len(data))
    data[at] ^= 1 << bit
    path.write_bytes(data[:at] if cut else data)
    again = compile_again()
    assert again(3) == 10
    assert sum(again.stats.cache_hits.values()) == 0
    assert compile_again()(4) == 17


def test_every_signature_has_its_own_code(compile_again, tmp_path):
    """A kernel compiled for integers is not taken for one of floats, even under its name."""
    first = compile_again()
    assert (first(3), first(0.5)) == (10, 1.25)
    one, other = files(tmp_path)
    shutil.copy(one, other)
    again = compile_again()
    assert (again(3), again(0.5)) == (10, 1.25)
    assert sum(again.stats.cache_hits.values()) == 1


def test_a_cache_that_cannot_be_written_is_done_without(
    compile_again, tmp_path, monkeypatch, caplog
):
    """A full disk costs the time to compile again, nothing else."""

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(Path, "write_bytes", fail)
        assert compile_again()(3) == 10
    assert "No space left on device" in caplog.text
    assert files(tmp_path) == []


def test_a_file_in_the_way_is_no_obstacle(tmp_path):
    """Where the cache folder cannot be made, kernels run without one."""
    (tmp_path / "srnet").write_text("not a folder")
    assert run(tmp_path) == ([f"{KEY} 0", "None"], "")


def test_a_folder_that_others_may_write_to_is_not_read(filled):
    """Files in the cache are pickles: where others could have put them, none is loaded."""
    (folder,) = (filled / "srnet" / "kernels").iterdir()
    folder.chmod(0o777)
    assert run(filled) == ([f"{KEY} 0", "None"], "")


def test_a_file_that_others_may_write_to_is_not_read(filled):
    """Every file is looked at before it is read, whatever the folder is."""
    for path in files(filled):
        path.chmod(0o666)
    (answer, _), complaint = run(filled)
    assert (answer, complaint) == (f"{KEY} 0", "")
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files(filled))


def test_a_link_is_not_followed(filled, tmp_path):
    """A file of the cache is a file, not a way to another one."""
    for number, path in enumerate(files(filled)):
        path.rename(tmp_path / str(number))
        path.symlink_to(tmp_path / str(number))
    (answer, _), complaint = run(filled)
    assert (answer, complaint) == (f"{KEY} 0", "")


def test_a_folder_of_somebody_else_is_not_read(tmp_path, monkeypatch):
    """The folder has to belong to the user."""
    monkeypatch.setenv("SRNET_CACHE_DIR", str(tmp_path))
    assert cache._private_cache_folder() is not None
    monkeypatch.setattr(os, "getuid", lambda: os.stat(tmp_path).st_uid + 1)
    assert cache._private_cache_folder() is None


@pytest.mark.parametrize(
    "name", ["cgp/kernels/genes.py", "cgp/kernels/mnncgp/sweep.py", "primitives.py"]
)
def test_the_folder_is_named_after_the_sources(tmp_path, monkeypatch, name):
    """A change in any file that kernels are made of leads to another folder, a move does not."""
    copy = tmp_path / "srnet_cli"
    shutil.copytree(PACKAGE, copy)
    here = cache._sources_hash()
    monkeypatch.setattr(cache, "__file__", str(copy / "cgp" / "kernels" / "cache.py"))
    assert cache._sources_hash() == here
    with (copy / name).open("a") as file:
        file.write("# a change\n")
    changed = cache._sources_hash()
    assert changed != here
    # What stands in which file counts as well.
    (copy / name).rename((copy / name).with_name("renamed.py"))
    (copy / "primitives.py").touch()
    assert cache._sources_hash() not in (here, changed)


def test_the_cache_tells_whether_it_holds_a_kernel(tmp_path, monkeypatch):
    """No cache, an empty one, or one of other kernels: this one has yet to be compiled."""
    monkeypatch.setattr(cache, "CACHE_FOLDER", None)
    assert not cache.is_compiled("genes.mix")
    monkeypatch.setattr(cache, "CACHE_FOLDER", tmp_path)
    assert not cache.is_compiled("genes.mix")
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "genes.mixed-1.py311.0.nbc").write_bytes(b"code")
    assert not cache.is_compiled("genes.mix")
    (tmp_path / "kernels" / "genes.mix-1.py311.0.nbc").write_bytes(b"code")
    assert cache.is_compiled("genes.mix")
