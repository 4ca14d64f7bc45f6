"""The most memory that a program has held, for programs that tests start."""

PEAK = """
def peak():
    # Not getrusage: that of a program goes on from the process that has started it.
    from pathlib import Path
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1])
"""
"""Code that defines ``peak()``, in KiB."""
