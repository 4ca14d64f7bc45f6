"""Datasets: formulas and sampling, tables, PMLB, npz rows; splits and standardisation.

``loading.load_dataset`` turns settings into a ``dataset.Dataset``, which is all that the rooms
above see.
"""
