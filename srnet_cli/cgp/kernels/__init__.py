"""Every jitted function, and the arrays they work on."""
