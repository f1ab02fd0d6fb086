"""`python -m i2ikit` and the console script."""

from i2ikit.cli.app import app


def main() -> None:
    """Run the command line; it ends the process with its exit code."""
    app(prog_name="i2ikit")


if __name__ == "__main__":
    main()
