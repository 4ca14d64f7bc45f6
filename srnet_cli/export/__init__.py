"""Formulas taken out: as code, as documents, as spreadsheets; one file per format."""
