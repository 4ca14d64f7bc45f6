"""``srnet report``: a run, several runs or a suite on one page that needs no other file."""
