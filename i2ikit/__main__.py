"""`python -m i2ikit` and the console script."""

import gc

from i2ikit.cli.app import app


def main() -> None:
    """Run the command line; it ends the process with its exit code."""
    try:
        app(prog_name="i2ikit")
    finally:
        gc.freeze()  # at its end Python would look through all of torch for garbage, for half a second


if __name__ == "__main__":
    main()
