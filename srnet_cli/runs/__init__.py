"""What a run folder holds: reading, listing and verifying runs."""
