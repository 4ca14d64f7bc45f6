"""``srnet fit``: from a config to a run folder with formulas."""
