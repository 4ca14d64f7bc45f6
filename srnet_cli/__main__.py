"""``python -m srnet_cli`` is ``srnet``."""

from srnet_cli.cli import main

main()
