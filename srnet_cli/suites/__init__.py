"""``srnet bench``: suites of many networks and many trials, and their reports."""
