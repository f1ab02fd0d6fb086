"""Count the arithmetic of one training step: `python tools/cost.py cut/horse2zebra enco/horse2zebra`.

Counted are the multiply-accumulates of convolutions and matrix products, forward and backward, at the batch and crop
size of the preset. The step runs on torch's meta device: nothing is computed, no data is read.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from i2ikit.config import find_config, resolve_config
from i2ikit.config.validate import build_trial_model
from i2ikit.translation import Draws, Progress

STEPS = 8  # averaged over where there are views, which may be drawn in some of them only


class Counter(TorchDispatchMode):
    """Adds up the floating-point operations of what runs inside (torch's FlopCounterMode refuses second gradients)."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run one operation and count it."""
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.operations += count(*args, **(kwargs or {}), out_val=out)
        return out


def gmacs(config: Mapping[str, Any], epoch: int = 1) -> float:
    """Return the giga multiply-accumulates of one step of a resolved config in this epoch, the mean of a few steps."""
    model, mistakes = build_trial_model(config["model"])
    if model is None:
        raise ValueError(str(mistakes))
    size, batch = config["data"]["crop_size"], config["data"]["batch_size"]
    images = {name: torch.zeros(batch, 3, size, size, device="meta") for name in ("a", "b")}

    def update(phase: str, loss: Tensor) -> None:
        for network in model.phases[phase].update:
            model.networks[network].zero_grad()
        loss.backward()

    steps = STEPS if model.views else 1
    with Counter() as counter:
        for step in range(1, steps + 1):
            model.train_step(images, update, Progress(epoch, step, 1000, 1000), Draws(0, step))
    return counter.operations / 2e9 / steps


def main(names: Sequence[str]) -> None:
    """Print the cost of the named configs in the first epoch and after every schedule of a weight has run out."""
    for name in names:
        config = resolve_config(find_config(name))
        print(f"{name}: {gmacs(config):.4g} GMAC a step, {gmacs(config, 1000):.4g} in the end")


if __name__ == "__main__":
    main(sys.argv[1:])
