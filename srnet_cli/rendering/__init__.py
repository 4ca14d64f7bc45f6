"""How results are written: documents and tables, and one renderer per format."""
