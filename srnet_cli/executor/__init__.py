"""Work in several places at once: processes of this machine, or the workers of a Dask cluster."""
