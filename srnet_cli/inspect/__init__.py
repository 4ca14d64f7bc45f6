"""``srnet network``: what a network file holds, and a config to start from."""
