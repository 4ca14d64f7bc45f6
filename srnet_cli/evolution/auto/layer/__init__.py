"""One layer: which expressions it gets, and the search for each."""
