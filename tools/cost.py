"""Count the arithmetic of one training step: `python tools/cost.py cut/horse2zebra enco/horse2zebra`.

Counted are the multiply-accumulates of convolutions and matrix products, forward and backward, at the batch and crop
size of the preset, as `i2ikit check` counts them. Nothing is computed, no data is read.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from i2ikit.config import find_config, resolve_config
from i2ikit.config.batch import batch_shapes
from i2ikit.config.trial import build_trial_model
from i2ikit.profiling.step import step_cost


def gmacs(config: Mapping[str, Any], epoch: int = 1) -> float:
    """Return the giga multiply-accumulates of one step of a resolved config in this epoch, the mean of a few steps."""
    model, errors = build_trial_model(config)
    if model is None:
        raise ValueError(str(errors))
    return step_cost(config, batch_shapes(config, model), epoch=epoch).macs / 1e9


def main(names: Sequence[str]) -> None:
    """Print the cost of the named configs in the first epoch and after every schedule of a weight has run out."""
    for name in names:
        config = resolve_config(find_config(name))
        print(f"{name}: {gmacs(config):.4g} GMAC a step, {gmacs(config, 1000):.4g} in the end")


if __name__ == "__main__":
    main(sys.argv[1:])
