"""``python -m estran`` is the ``estran`` command."""

from estran.cli import main

main()
