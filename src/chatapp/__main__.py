"""`python -P -m chatapp`, which is how chatapp.py starts the package."""

from chatapp.cli import main

main()
