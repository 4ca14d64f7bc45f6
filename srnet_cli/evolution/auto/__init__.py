"""The strategy ``auto``: several expressions a layer, tuned edge weights, joint refinement."""
