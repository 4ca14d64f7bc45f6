"""The strategy ``auto``: several expressions per layer, tuned edge weights, joint refinement."""
