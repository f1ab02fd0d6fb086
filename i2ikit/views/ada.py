"""Adaptive augmentation of what a discriminator sees."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import fraction, positive, positive_int
from i2ikit.distributed import group, processes
from i2ikit.interfaces.progress import Progress
from i2ikit.ops import augment
from i2ikit.ops.streams import image_numbers, random_seed
from i2ikit.registry import VIEWS
from i2ikit.views.base import View

GATES, GEOMETRY, COLOR, NORMAL = 11, 6, 2, 7  # random numbers: whether a change is made, how (uniform), how much
OFFSET, STRETCH = 0.125, 0.2  # of the published pipeline, in sides and in octaves
BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.5, 1.0


@VIEWS.register_module()
class ADA(View):
    """Change real and generated images, the more often the better a discriminator knows the real ones by heart.

    ``augment=dict(type="ADA")`` of a discriminator puts it in front of it. The changes: mirror, quarter turns, whole
    and fractional translations, scaling, rotation, stretching, and of RGB images brightness, contrast, inverted luma,
    hue and saturation. After every ``interval`` steps the probability grows or shrinks by a constant, whether the mean
    sign of the discriminator's logits of real images is above or below ``target``. It is saved in checkpoints.

    Args:
        target: the mean sign, 0..1, that the probability is adapted to.
        images: real images after which the probability can have gone from 0 to 1, > 0.
        interval: steps between two adaptations, >= 1.
        start: the first probability, 0..1.
    Shape:
        image: (B, C, H, W) in -1..1; the result may leave the range.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Karras et al. 2020, arXiv:2006.06676, section 3 and appendix B. Differs: bilinear sampling without the low-pass
        filter, borders mirrored without a larger canvas, no filters and no noise (their default pipeline has none); an
        image that two phases read is changed once a step.
    Example:
        >>> view = ADA(start=1.0)
        >>> view(torch.zeros(2, 3, 8, 8), sample=0, expression="b").shape
        torch.Size([2, 3, 8, 8])
    """

    probability: Tensor
    seen: Tensor

    def __init__(self, target: float = 0.6, images: float = 500_000, *, interval: int = 4, start: float = 0.0) -> None:
        super().__init__()
        self.target, self.images = fraction("target", target), positive("images", images)
        self.interval = positive_int("interval", interval)
        self.register_buffer("probability", torch.tensor(fraction("start", start), dtype=torch.float32))
        self.register_buffer("seen", torch.zeros(3, dtype=torch.float32))  # signs, images and steps of this interval
        self._step = 0  # the last one that was sampled for

    @torch.no_grad()
    def observe(self, logits: list[Tensor]) -> None:
        """Take note of the discriminator's logits of the real images of a step, each (B, 1, h, w)."""
        signs = torch.stack([x.sign().mean() for x in logits]).mean()
        group.average([signs])
        images = torch.full_like(signs, len(logits[0]) * processes.count())
        self.seen[:2] += torch.stack([signs * images, images])

    @torch.no_grad()
    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Adapt the probability if it is time; return the seed of this step's changes."""
        if progress.step != self._step:  # once a step, whatever the number of its batches
            self._step = progress.step
            signs, images, steps = self.seen.unbind()
            due = steps >= self.interval
            change = torch.sign(signs / images.clamp(min=1) - self.target) * images / self.images
            self.probability.copy_(torch.where(due, (self.probability + change).clamp(0, 1), self.probability))
            self.seen.mul_(~due)
            self.seen[2] += 1
        return random_seed(generator)

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the changed batch (B, C, H, W)."""
        numbers = image_numbers(sample, expression, first, image, uniform=GATES + GEOMETRY + COLOR, normal=NORMAL)
        gates, rest = self.probability.to(image) > numbers[:, :GATES].T, numbers[:, GATES:].T
        x = augment.warped(image, self._geometry(image, gates, rest))
        return augment.recolored(x, self._color(gates, rest)) if image.shape[1] == 3 else x

    def _geometry(self, image: Tensor, gates: Tensor, numbers: Tensor) -> Tensor:
        """Return where each pixel comes from, (B, 3, 3) in pixels; changes that are not made are the identity."""
        height, width = image.shape[-2:]
        mirror, quarter, down, right, before, after = numbers[:GEOMETRY]
        scale, stretch, x, y = numbers[GEOMETRY + COLOR :][:4]
        one = torch.ones_like(mirror)
        turn = 1 - (1 - self.probability.to(image)).sqrt()  # of one of the two rotations

        def gated(gate: int, value: Tensor, otherwise: float = 0.0) -> Tensor:
            return torch.where(gates[gate], value, otherwise)

        flips = gated(0, 1 - 2 * (2 * mirror).floor(), 1.0)
        matrix = augment.scaling(flips, one) @ augment.rotation(
            augment.whole_turns(gated(1, (4 * quarter).floor() / 4))
        )
        moves = ((2 * right - 1) * OFFSET * width).round(), ((2 * down - 1) * OFFSET * height).round()
        matrix = matrix @ augment.translation(gated(2, moves[0]), gated(2, moves[1]))
        factor = gated(3, torch.exp2(scale * STRETCH), 1.0)
        matrix = matrix @ augment.scaling(factor, factor)
        # a rotation's gate is compared with another probability, so its uniform number is used twice: gate and angle
        matrix = matrix @ augment.rotation(augment.whole_turns(torch.where(before < turn, before / turn - 0.5, 0.0)))
        factor = gated(4, torch.exp2(stretch * STRETCH), 1.0)
        matrix = matrix @ augment.scaling(factor, 1 / factor)
        matrix = matrix @ augment.rotation(augment.whole_turns(torch.where(after < turn, after / turn - 0.5, 0.0)))
        return matrix @ augment.translation(gated(5, x * OFFSET * width), gated(5, y * OFFSET * height))

    def _color(self, gates: Tensor, numbers: Tensor) -> Tensor:
        """Return what happens to (red, green, blue, 1), (B, 4, 4); changes that are not made are the identity."""
        luma, hue = numbers[GEOMETRY : GEOMETRY + COLOR]
        brightness, contrast, saturation = numbers[GEOMETRY + COLOR :][4:]
        one, none = torch.ones_like(luma), torch.zeros_like(luma)
        offset = torch.where(gates[6], brightness * BRIGHTNESS, none)
        factor = torch.where(gates[7], torch.exp2(contrast * CONTRAST), one)
        matrix = augment.contrast_and_brightness(factor, none) @ augment.contrast_and_brightness(one, offset)
        flips = torch.where(gates[8], 1 - 2 * (2 * luma).floor(), one)
        matrix = augment.gray_mix(flips, one) @ matrix
        matrix = augment.color_rotation(augment.whole_turns(torch.where(gates[9], hue - 0.5, none))) @ matrix
        strength = torch.where(gates[10], torch.exp2(saturation * SATURATION), one)
        return augment.gray_mix(one, strength) @ matrix
