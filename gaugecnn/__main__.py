"""``python -m gaugecnn``: the command line."""

from gaugecnn.cli import main

if __name__ == "__main__":
    main()
