"""Typed settings: the schema of an experiment, strict loading, and what identifies one."""
