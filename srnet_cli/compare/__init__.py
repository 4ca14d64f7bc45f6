"""``srnet compare``: the formulas of a run beside LIME and MAPLE."""
