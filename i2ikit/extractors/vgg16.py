"""The convolutions of VGG16, for perceptual losses and self-similarities."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from itertools import pairwise

from torch import Tensor, nn

from i2ikit.checks import one_of, positive_int
from i2ikit.nn.frozen import RANDOM, ImageNetInput, load_frozen
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import EXTRACTORS

BLOCKS = (2, 2, 3, 3, 3)  # convolutions of each block
NAMES = tuple(f"relu{block}_{layer + 1}" for block, count in enumerate(BLOCKS, 1) for layer in range(count))
FACTORS = (1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 8, 8, 8)  # width of each convolution over that of the first
LAYERS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)  # numbers of the convolutions among torchvision's features
NUMBER = re.compile(r"(?!classifier)(?:.*\.)?(\d+)\.(weight|bias)")


@EXTRACTORS.register_module()
class VGG16Features(StagedGenerator):
    """The 13 convolutions of VGG16 with their ReLUs; the taps are ``relu1_1`` to ``relu5_3``.

    Args:
        weights: file of torchvision's ``vgg16`` (its ``features`` suffice), or ``"random"`` for random weights.
        last: the deepest tap; layers above it are not built.
        in_channels: 3, or 1 for gray images, which are repeated.
        filters: width of the first convolution, >= 1; 64 for the published weights.
    Shape:
        taps of images (B, in_channels, H, W) in -1..1: (B, C, H / 2^k, W / 2^k), k = 0 for ``relu1_*`` to 4 for
        ``relu5_*``, after the ReLU.

    Raises:
        ValueError: an argument is out of its range, or the file has other weights.
    Source:
        Simonyan and Zisserman 2015, arXiv:1409.1556, configuration D; inputs as torchvision normalizes them.
    Example:
        >>> vgg = VGG16Features("random", last="relu3_1", filters=4)
        >>> vgg.trace(torch.zeros(1, 3, 32, 32), ["relu3_1"])["relu3_1"].shape
        torch.Size([1, 16, 8, 8])
    """

    def __init__(self, weights: str, *, last: str = "relu5_3", in_channels: int = 3, filters: int = 64) -> None:
        if in_channels not in (1, 3):
            raise ValueError(f"in_channels must be 3, or 1 for gray images, not {in_channels!r}")
        kept = NAMES[: NAMES.index(one_of("last", last, NAMES)) + 1]
        widths = [factor * positive_int("filters", filters) for factor in FACTORS]
        stages = []
        for index, (inputs, outputs) in enumerate(pairwise([3, *widths][: len(kept) + 1])):
            layers = OrderedDict[str, nn.Module]()
            if index == 0:
                layers["input"] = ImageNetInput()
            elif kept[index].endswith("_1"):
                layers["pool"] = nn.MaxPool2d(2)
            layers["conv"], layers["relu"] = nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()
            stages.append((kept[index], nn.Sequential(layers), outputs))
        smallest = 2 ** (int(last[4]) - 1)  # pixels that the pools leave one of
        super().__init__(in_channels, stages, multiple=1, smallest=smallest)
        if weights == RANDOM:
            for stage, _, _ in stages:
                nn.init.kaiming_normal_(self.get_parameter(f"stages.{stage}.conv.weight"), nonlinearity="relu")
        else:
            load_frozen(self, weights, _renamed)


def _renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights that are numbered as torchvision numbers them, ``features.10.weight``, under our names."""
    found = {}
    for key, value in state.items():
        match = NUMBER.fullmatch(key)
        if match and int(match[1]) in LAYERS:
            found[f"stages.{NAMES[LAYERS.index(int(match[1]))]}.conv.{match[2]}"] = value
    return found
