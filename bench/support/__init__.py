"""What the benchmarks share: problems, programs, clocks, tables."""
