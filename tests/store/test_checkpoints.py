"""Checkpoints."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.store import Checkpoint, checkpoints


def names(folder):
    return sorted(os.listdir(folder))


def test_the_newest_is_what_was_saved_last(tmp_path):
    """The state comes back byte for byte, with its generation."""
    assert checkpoints.newest(tmp_path) is None
    checkpoints.save(tmp_path, 100, b"")
    assert checkpoints.newest(tmp_path) == Checkpoint(100, b"")
    checkpoints.save(tmp_path, 2_000_000_000, b"state\n")
    assert checkpoints.newest(tmp_path) == Checkpoint(2_000_000_000, b"state\n")


def test_the_last_three_are_kept(tmp_path):
    """Earlier checkpoints are removed, by the number of the generation and not by its digits."""
    for generation in (1, 20, 300, 999_999_999, 1_000_000_000):
        checkpoints.save(tmp_path, generation, b"x")
    assert names(tmp_path) == [
        "generation-000000300.ckpt",
        "generation-1000000000.ckpt",
        "generation-999999999.ckpt",
    ]


def test_a_missing_folder_has_none(tmp_path):
    """Before the first checkpoint there is no folder, and nothing newest or damaged."""
    assert checkpoints.newest(tmp_path / "gone") is None
    assert checkpoints.damaged(tmp_path / "gone") == []


@given(st.data())
def test_any_flipped_bit_is_found(tmp_path_factory, data):
    """With one bit changed or the end cut off, the one before is the newest that verifies."""
    folder = tmp_path_factory.mktemp("checkpoint")
    for generation in (1, 2):
        checkpoints.save(folder, generation, b"state of generation %d" % generation)
    path = folder / "generation-000000002.ckpt"
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[position] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[position:]
    path.write_bytes(content)
    assert checkpoints.newest(folder) == Checkpoint(1, b"state of generation 1")
    assert checkpoints.damaged(folder) == [path]


def test_a_checkpoint_under_another_name_is_damaged(tmp_path):
    """A state belongs to its generation: a copy under another one's name does not verify."""
    checkpoints.save(tmp_path, 1, b"x")
    (tmp_path / "generation-000000002.ckpt").write_bytes(
        (tmp_path / "generation-000000001.ckpt").read_bytes()
    )
    assert checkpoints.newest(tmp_path) == Checkpoint(1, b"x")


def test_later_damaged_ones_do_not_crowd_out_the_good(tmp_path):
    """After a fall-back to an earlier state, saving drops the damaged future, not the new state."""
    for generation in (10, 20, 30):
        checkpoints.save(tmp_path, generation, b"x")
    for generation in (20, 30):
        (tmp_path / f"generation-{generation:09d}.ckpt").write_bytes(b"damaged")
    checkpoints.save(tmp_path, 15, b"y")
    assert checkpoints.newest(tmp_path) == Checkpoint(15, b"y")
    assert checkpoints.damaged(tmp_path) == []


def test_other_files_are_left_alone(tmp_path):
    """A file that is no checkpoint is neither read nor removed."""
    for name in ("notes.txt", "generation-1.ckpt", "generation-000000009.ckpt.bak"):
        (tmp_path / name).write_bytes(b"mine")
    for generation in range(1, 6):
        checkpoints.save(tmp_path, generation, b"x")
    assert {"notes.txt", "generation-1.ckpt", "generation-000000009.ckpt.bak"} <= set(
        names(tmp_path)
    )
    assert checkpoints.newest(tmp_path) == Checkpoint(5, b"x")
