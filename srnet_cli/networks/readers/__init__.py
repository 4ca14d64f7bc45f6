"""Network files of other programs: one reader per format, each a row of ``registry.READERS``."""
