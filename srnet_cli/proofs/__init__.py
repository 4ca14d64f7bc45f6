"""What holds of a formula on a whole box of inputs: proved by interval arithmetic, not sampled."""
