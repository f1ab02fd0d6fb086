"""Frozen networks: their weights from a file, and their input."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from i2ikit.errors import CheckpointError
from i2ikit.files import expanded
from i2ikit.tensor_files import fits, read_tensors

RANDOM = "random"  # instead of a file of weights
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class ImageNetInput(nn.Module):
    """From images in -1..1 to what classifiers of ImageNet are trained on; a gray image is repeated.

    Args:
        mean, deviation: of each channel of images in 0..1.
    Shape:
        x: (B, 3, H, W) or (B, 1, H, W); returns (B, 3, H, W).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, mean: tuple[float, float, float] = MEAN, deviation: tuple[float, float, float] = DEVIATION
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized images."""
        return ((x + 1) / 2 - self.mean.to(x)) / self.deviation.to(x)


def load_frozen(
    network: nn.Module, weights: str, renamed: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = dict
) -> None:
    """Load the weights of a network from a file of torch, without running code of it.

    On torch's meta device, where a config is checked, the file is read and compared, and no value is kept.

    Args:
        network: all of its weights are replaced; what else the file has is ignored.
        weights: path of a state dict.
        renamed: returns the tensors of the file under the names that the network has for them.

    Raises:
        ValueError: the file is missing or damaged, or has no such weights; the message names it and the first of them.
    """
    path = expanded(weights)
    try:
        state = read_tensors(path, before_zip=True)
    except CheckpointError as error:
        raise ValueError(f"the weights cannot be read: {error}") from error
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        what = "a dict with other keys than names" if isinstance(state, dict) else f"a {type(state).__name__}"
        raise ValueError(f"{path} is no state dict but {what}")
    own, given = network.state_dict(), renamed(state)
    wrong = [name for name, value in own.items() if not fits(given.get(name), value)]
    if wrong:
        found = given.get(wrong[0])
        has = f"of shape {tuple(found.shape)} there" if isinstance(found, Tensor) else "missing"
        needs = f"{wrong[0]} of shape {tuple(own[wrong[0]].shape)}"
        raise ValueError(f"{path} does not fit {type(network).__name__}, which needs {needs}; it is {has}")
    if not any(value.is_meta for value in own.values()):
        network.load_state_dict({name: given[name] for name in own})
