"""``srnet explain``: the formulas of a run, and what they are worth."""
