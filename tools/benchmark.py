"""The command `i2ikit benchmark`, for a checkout: `python tools/benchmark.py cut/stripes enco/stripes --steps 1000`."""

import sys

from i2ikit.cli.app import app

if __name__ == "__main__":
    app(["benchmark", *sys.argv[1:]], prog_name="i2ikit")
