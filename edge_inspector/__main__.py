"""`python -m edge_inspector`, for what starts modules instead of commands: torchrun."""

from edge_inspector.cli.main import main

if __name__ == "__main__":
    main()
