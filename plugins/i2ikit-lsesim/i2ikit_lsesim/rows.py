"""Reads the similarities of several images at the same positions from a step."""

from collections.abc import Iterator, Sequence

from torch import Tensor, nn

from i2ikit.checks import positive_int
from i2ikit.errors import ShapeError
from i2ikit.interfaces import HeadUse, StepReader, positions_on
from i2ikit.ops.numerics import at_least_float32
from i2ikit_lsesim.similarity import similarity_rows


class SimilarityRows(nn.Module):
    """What both terms share: features of a network, a head if there is one, positions, similarities.

    Args:
        network: full name of the network that computes the features, ``"extractors.vgg"``.
        taps: of the network, at least one.
        head: name of the head that embeds each position; None: the features themselves.
        num: positions per tap, >= 1; all if a map has fewer.
        window: side of the window of keys, see :func:`i2ikit_lsesim.similarity.similarity_rows`.
        cosine: whether similarities are cosines.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(
        self, network: str, taps: Sequence[str], head: str | None, num: int, window: int, *, cosine: bool
    ) -> None:
        super().__init__()
        if isinstance(taps, str) or not taps:
            raise ValueError(f"taps must be a list of at least one name, not {taps!r}")
        self.network, self.taps, self.head, self.cosine = network, list(taps), head, cosine
        self.num, self.window = positive_int("num", num), positive_int("window", window)

    def uses(self) -> list[HeadUse]:
        """Return the use of the head, if there is one."""
        return [HeadUse(self.head, self.network, tuple(self.taps))] if self.head else []

    def read(self, step: StepReader, images: Sequence[str], trained: str = "") -> Iterator[list[Tensor]]:
        """Yield the similarities (B, S, N) of all images for each tap.

        Args:
            step: the step.
            images: expressions.
            trained: the one of them that gradient flows into.

        Raises:
            ShapeError: the images differ in size.
        """
        found = [step.taps(self.network, image, self.taps, grad=image == trained) for image in images]
        maps = [[self._embedded(step, each[tap], layer) for each in found] for layer, tap in enumerate(self.taps)]
        drawn = [
            step.permutation(f"positions/{tap}", same[0].shape[-2] * same[0].shape[-1], self.num)
            for tap, same in zip(self.taps, maps, strict=True)
        ]
        for tap, same, positions in zip(self.taps, maps, _on(maps, drawn), strict=True):
            if len({each.shape[-2:] for each in same}) > 1:
                sizes = ", ".join(
                    f"{image!r} {tuple(each.shape[-2:])}" for image, each in zip(images, same, strict=True)
                )
                raise ShapeError(f"similarities need maps of one size, but at the tap {tap!r} they have: {sizes}")
            yield [similarity_rows(each, positions, self.window, cosine=self.cosine) for each in same]

    def _embedded(self, step: StepReader, feature: Tensor, layer: int) -> Tensor:
        """Return a map (B, D, H, W) in at least float32, embedded by the head if there is one."""
        if self.head:
            rows = feature.flatten(2).mT  # (B, H*W, C)
            feature = step.head(self.head)(rows, layer).mT.unflatten(2, feature.shape[-2:])
        return at_least_float32(feature)


def _on(maps: Sequence[Sequence[Tensor]], positions: Sequence[Tensor]) -> list[Tensor]:
    return positions_on(maps[0][0].device, positions)
