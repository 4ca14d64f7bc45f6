"""Checkpoints."""

from __future__ import annotations

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.store import Checkpoint, checkpoints
from srnet_cli.store.directory import Directory


@pytest.fixture
def folder(tmp_path):
    return Directory.open(tmp_path)


def names(folder):
    return sorted(os.listdir(folder))


def test_the_newest_is_what_was_saved_last(folder):
    """The state comes back byte for byte, with its generation."""
    assert checkpoints.newest(folder) is None
    checkpoints.save(folder, 100, b"")
    assert checkpoints.newest(folder) == Checkpoint(100, b"")
    checkpoints.save(folder, 2_000_000_000, b"state\n")
    assert checkpoints.newest(folder) == Checkpoint(2_000_000_000, b"state\n")


def test_the_last_three_are_kept(tmp_path, folder):
    """Earlier checkpoints are removed, by the number of the generation and not by its digits."""
    for generation in (1, 20, 300, 999_999_999, 1_000_000_000):
        checkpoints.save(folder, generation, b"x")
    assert names(tmp_path) == [
        "generation-000000300.ckpt",
        "generation-1000000000.ckpt",
        "generation-999999999.ckpt",
    ]


@given(st.data())
def test_any_flipped_bit_is_found(tmp_path_factory, data):
    """With one bit changed or the end cut off, the one before is the newest that verifies."""
    path = tmp_path_factory.mktemp("checkpoint")
    folder = Directory.open(path)
    for generation in (1, 2):
        checkpoints.save(folder, generation, b"state of generation %d" % generation)
    path /= "generation-000000002.ckpt"
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[position] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[position:]
    path.write_bytes(content)
    assert checkpoints.newest(folder) == Checkpoint(1, b"state of generation 1")
    assert checkpoints.damaged(folder) == [path.name]


def test_a_checkpoint_under_another_name_is_damaged(tmp_path, folder):
    """A state belongs to its generation: a copy under another one's name does not verify."""
    checkpoints.save(folder, 1, b"x")
    (tmp_path / "generation-000000002.ckpt").write_bytes(
        (tmp_path / "generation-000000001.ckpt").read_bytes()
    )
    assert checkpoints.newest(folder) == Checkpoint(1, b"x")


def test_later_damaged_ones_do_not_crowd_out_the_good(tmp_path, folder):
    """After a fall-back to an earlier state, saving drops the damaged future, not the new state."""
    for generation in (10, 20, 30):
        checkpoints.save(folder, generation, b"x")
    for generation in (20, 30):
        (tmp_path / f"generation-{generation:09d}.ckpt").write_bytes(b"damaged")
    checkpoints.save(folder, 15, b"y")
    assert checkpoints.newest(folder) == Checkpoint(15, b"y")
    assert checkpoints.damaged(folder) == []


def test_other_files_are_left_alone(tmp_path, folder):
    """A file that is no checkpoint is neither read nor removed."""
    for name in ("notes.txt", "generation-1.ckpt", "generation-000000009.ckpt.bak"):
        (tmp_path / name).write_bytes(b"mine")
    for generation in range(1, 6):
        checkpoints.save(folder, generation, b"x")
    assert {"notes.txt", "generation-1.ckpt", "generation-000000009.ckpt.bak"} <= set(
        names(tmp_path)
    )
    assert checkpoints.newest(folder) == Checkpoint(5, b"x")


def test_a_checkpoint_of_another_run_does_not_verify(folder):
    """A state belongs to its run: under another signature, or none, it is not gone on from."""
    checkpoints.save(folder, 1, b"x", "0a1b2c3d")
    assert checkpoints.newest(folder, "0a1b2c3d") == Checkpoint(1, b"x")
    for other in ("0a1b2c3e", ""):
        assert checkpoints.newest(folder, other) is None
        assert checkpoints.damaged(folder, other) == ["generation-000000001.ckpt"]


def test_checkpoints_of_the_first_format_are_read(tmp_path, folder):
    """They did not say whose they are; digest and content are those of version 0.1.0."""
    digest = hashlib.sha256(b"7\nstate").digest()
    content = b"srnet-checkpoint-1\n" + digest + b"state"
    (tmp_path / "generation-000000007.ckpt").write_bytes(content)
    assert checkpoints.newest(folder, "0a1b2c3d") == Checkpoint(7, b"state")


def test_a_link_is_no_checkpoint(tmp_path, folder):
    """A link to a good checkpoint elsewhere is not followed, nor removed from there."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    checkpoints.save(Directory.open(elsewhere), 1, b"x")
    good = elsewhere / "generation-000000001.ckpt"
    (tmp_path / "generation-000000001.ckpt").symlink_to(good)
    assert checkpoints.newest(folder) is None
    for generation in range(2, 6):
        checkpoints.save(folder, generation, b"y")
    assert good.exists()
