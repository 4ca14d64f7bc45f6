"""How often searches of tests are looked after."""

from __future__ import annotations

from srnet_cli.fit.search import Rhythm

ONE_BY_ONE = Rhythm(chunk_seconds=0.0)
"""Chunks of one generation, however fast the machine is."""

SAVING_EACH = Rhythm(chunk_seconds=0.0, checkpoint_seconds=-1.0)
"""Chunks of one generation, and a checkpoint after each."""
