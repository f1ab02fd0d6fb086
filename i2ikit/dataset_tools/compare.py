"""How far two domains lie apart, and which of several targets is nearest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.dataset_tools.statistics import Domain
from i2ikit.errors import DataError, MetricError
from i2ikit.metrics.backbones import STANDARD_WEIGHTS, Inception
from i2ikit.metrics.functional.feature_distances import frechet_distance, kernel_distance
from i2ikit.metrics.functional.sliced_wasserstein import random_directions, sliced_wasserstein

DIRECTIONS = 128
BATCH = 16  # images that Inception sees at once
DEGREES = (  # up to this ratio to the spread within a domain, in words
    (1.5, "the domains can hardly be told apart"),
    (3.0, "an easy pair: the domains lie little further apart than images of one domain do"),
    (6.0, "a usual pair: the difference is clear, in colors or in texture"),
    (float("inf"), "a hard pair: the domains have little in common at the scale of patches"),
)


@dataclass(frozen=True)
class Distance:
    """How far a target lies from the source.

    Attributes:
        source, target: the folders.
        pixels: sliced Wasserstein distance of single colors, unit: values in 0..1.
        patches: the same of 7 x 7 patches.
        spread: the distance of patches between two halves of one domain, the larger of both: what is no difference.
        color, contrast, saturation: target minus source; color is the length of the difference of the means.
        texture: target divided by source, at full, half and quarter size.
        fid, kid: of Inception's features; None where its weights are not there.
    """

    source: str
    target: str
    pixels: float
    patches: float
    spread: float
    color: float
    contrast: float
    saturation: float
    texture: tuple[float, ...]
    fid: float | None = None
    kid: float | None = None

    @property
    def ratio(self) -> float:
        """The distance of patches in units of the spread within a domain; 1 is no difference."""
        return self.patches / max(self.spread, 1e-9)

    def in_words(self) -> str:
        """Say how hard the pair is, by the patches alone: it tells of the looks, not of the shapes."""
        return next(words for limit, words in DEGREES if self.ratio <= limit)

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {**vars(self), "ratio": self.ratio, "verdict": self.in_words()}


def compare_domains(source: Domain, targets: Sequence[Domain], inception: Inception | None = None) -> list[Distance]:
    """Return the distances from a source to each target, the nearest first.

    Args:
        source: domain to translate from.
        targets: domains to translate to, >= 1.
        inception: loaded, for FID and KID; None: without them.

    Raises:
        DataError: there is no target.
    """
    if not targets:
        raise DataError("there is nothing to compare with: give at least two folders")
    features = _features(source, inception)
    found = [_distance(source, target, features, _features(target, inception)) for target in targets]
    return sorted(found, key=lambda distance: distance.patches)


def find_inception(weights: str | Path | None = None) -> tuple[Inception | None, str]:
    """Return the network of FID and KID where its weights are on this machine, else None and why; nothing is fetched.

    Args:
        weights: the file; None: torch's cache.

    Raises:
        MetricError: ``weights`` is given and is no such file.
    """
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    here = [cache / name for name in STANDARD_WEIGHTS.names if (cache / name).is_file()]
    if weights is None and not here:
        return None, (
            f"FID and KID are left out: there is no {STANDARD_WEIGHTS.names[0]} in {cache}. It comes from "
            f"{STANDARD_WEIGHTS.url}; name it with --weights FILE."
        )
    inception = Inception(weights or here[0])
    try:
        inception.load(torch.device("cpu"))
    except MetricError as error:
        if weights is not None:
            raise
        return None, f"FID and KID are left out: {error}"
    return inception, ""


def _distance(source: Domain, target: Domain, features: Tensor | None, others: Tensor | None) -> Distance:
    spread = max(_apart(domain.half(0)[1], domain.half(1)[1]) for domain in (source, target))
    shift = torch.tensor(target.color) - torch.tensor(source.color)
    known = features is not None and others is not None
    return Distance(
        source=source.name,
        target=target.name,
        pixels=_apart(source.pixels, target.pixels),
        patches=_apart(source.patches, target.patches),
        spread=spread,
        color=shift.norm().item(),
        contrast=target.contrast - source.contrast,
        saturation=target.saturation - source.saturation,
        texture=tuple(b / max(a, 1e-9) for a, b in zip(source.texture, target.texture, strict=True)),
        fid=frechet_distance(features, others) if known else None,  # type: ignore[arg-type]
        kid=kernel_distance(features, others)[0] if known else None,  # type: ignore[arg-type]
    )


def _apart(one: Tensor, other: Tensor) -> float:
    directions = random_directions(DIRECTIONS, one.shape[1], torch.Generator().manual_seed(0))
    return sliced_wasserstein(one, other, directions).item()


def _features(domain: Domain, inception: Inception | None) -> Tensor | None:
    if inception is None:
        return None
    return torch.cat([inception((images * 255).round().byte()) for images in domain.images.split(BATCH)])
