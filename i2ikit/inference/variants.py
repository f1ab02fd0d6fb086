"""What an output depends on besides its image: a seed, a place, and further images."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from i2ikit.checks import not_negative_int, positive_int
from i2ikit.datasets.extra import KINDS, MASK, WHITE, LabelReader, MaskReader
from i2ikit.errors import DataError, ShapeError, nearest_hint
from i2ikit.files import expanded, nearest_beside
from i2ikit.images import Reader, readable_extensions
from i2ikit.inference.image_kinds import prepare
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.plan import namesakes
from i2ikit.translation.outputs import domain_of
from i2ikit.translation.rendering import FixedSamples


@dataclass(frozen=True)
class Variant:
    """Which of its possible translations an image gets.

    Attributes:
        seed: of the random values, >= 0.
        place: >= 0; images at other places get other random values.
        inputs: the further images by name: a file, or (1, C, H, W) once it is read.
    """

    seed: int = 0
    place: int = 0
    inputs: Mapping[str, Path | Tensor] = field(default_factory=dict)

    @property
    def shapes(self) -> tuple[object, ...]:
        """What images of one batch have in common."""
        return (self.seed, *(tuple(x.shape) for x in self.inputs.values() if isinstance(x, Tensor)))


@dataclass(frozen=True)
class Request:
    """Which variants of each image are wanted.

    Attributes:
        seed: of the first one, >= 0.
        samples: number of variants, >= 1; None: one, whose file has the name of its image alone.
        inputs: the further images by name: read ones, files for all images, or folders of files of the same names.

    Raises:
        ValueError: a number is out of its range.
    """

    seed: int = 0
    samples: int | None = None
    inputs: Mapping[str, Path | Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        not_negative_int("seed", self.seed)
        if self.samples is not None:
            positive_int("samples", self.samples)

    def files(self, target: Path) -> list[Path]:
        """Return the file of each variant: that of the image, or with ``_0``, ``_1`` ... after its name."""
        if self.samples is None:
            return [target]
        return [target.with_name(f"{target.stem}_{index}{target.suffix}") for index in range(self.samples)]

    def variants(self, name: str = "", place: int | None = None) -> list[Variant]:
        """Return the variants of an image.

        Args:
            name: of its file below the folder that is translated; it chooses files in folders of further images.
            place: see :class:`Variant`; None: a hash of the name.

        Raises:
            DataError: a folder of further images has no file of that name.
        """
        inputs = {key: _partner(key, image, name) for key, image in self.inputs.items()}
        place = hash_of(os.fsencode(name.replace(os.sep, "/"))) if place is None else place
        return [Variant(seed_of(self.seed, index), place, inputs) for index in range(self.samples or 1)]


def seed_of(seed: int, sample: int) -> int:
    """Return the seed of a sample: ``seed`` of the first one, and numbers far from other seeds of all others."""
    return hash_of(f"{seed}/{sample}".encode()) if sample else seed


def hash_of(text: bytes) -> int:
    """Return a number in 0 .. 2**63 - 1 that is the same on all machines."""
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def _partner(key: str, image: Path | Tensor, name: str) -> Path | Tensor:
    if isinstance(image, Tensor) or not image.is_dir():
        return image
    exact = image / name
    if exact.is_file():
        return exact
    found = next((other for other in namesakes(exact, readable_extensions()) if other.is_file()), None)
    if found is None:
        raise DataError(f"the input {key!r} of {name} is missing: {image} has no file of that name")
    return found


@dataclass(frozen=True)
class Variants:
    """Makes the variants of images that a network offers.

    Args:
        network: translates.
        source, target: readers of the files of its two domains.
    """

    network: TranslationNetwork
    source: Reader
    target: Reader

    def request(self, seed: int = 0, samples: int | None = None, inputs: Mapping[str, Any] | None = None) -> Request:
        """Return a request that the network can fulfil; single further images are read.

        Args:
            seed, samples: see :class:`Request`.
            inputs: by name: an image of any kind that a translator takes, or a folder.

        Raises:
            DataError: an input is missing, or the network does not read it; or several samples would be equal.
            ShapeError, TypeError: an input is no image, or ``inputs`` no mapping.
            ValueError: a number is out of its range.
        """
        if not isinstance(inputs, Mapping | None):
            raise TypeError(f"inputs are images by name, such as {{'mask': image}}, not {inputs!r}")
        given = dict(inputs or {})
        reads, text = self.network.reads, self.network.expression
        about = f"the output {text} reads {', '.join(map(repr, reads)) or 'nothing'} besides its image"
        option = "--input NAME=FILE (in Python: inputs={NAME: image})"
        for name in given:
            if name not in reads:
                raise DataError(f"there is no input {name!r}: {about}.{nearest_hint(name, reads)}")
        missing = [name for name in reads if name not in given]
        if missing:
            raise DataError(f"{about}; {missing[0]!r} is missing: give each by {option}")
        found = Request(seed, samples, {name: self._single(name, image) for name, image in given.items()})
        if (samples or 1) > 1 and not self.network.is_random:
            raise DataError(
                f"{samples} samples would be equal: the output {text} reads no random value. Leave --samples out (in "
                "Python: samples), or name an output with a view that draws one, such as 'ab(a, z)' with a Latent z"
            )
        return found

    def _single(self, name: str, image: Any) -> Path | Tensor:
        if isinstance(image, str | os.PathLike):
            path = expanded(image)
            if path.is_dir():
                return path
            if not path.exists():
                raise DataError(f"there is no image and no folder at {path}, the input {name!r}.{nearest_beside(path)}")
        return self._read(name, image)

    def _read(self, name: str, image: Any) -> Tensor:
        """Return a further image (1, C, H, W): a mask in 0..1, the codes of a label, or an image in -1..1."""
        kind = name.rpartition("_")[2]
        if isinstance(image, str | os.PathLike) and kind in KINDS:
            codes = torch.from_numpy(np.array((MaskReader if kind == MASK else LabelReader)()(Path(image)), np.int64))
            x = codes[None, None]
            return x.float() / WHITE if kind == MASK else x
        if kind in KINDS and not isinstance(image, Tensor):
            raise TypeError(f"the {kind} {name!r} is a path or a tensor (1, H, W), not {type(image).__name__}")
        other = domain_of(name) not in ("", domain_of(self.network.source))
        reader = self.target if other else self.source
        x = image if kind in KINDS else prepare(image, reader, reader).x
        x = x[None] if x.ndim == 3 else x
        if x.ndim != 4 or len(x) != 1:
            raise ShapeError(f"the input {name!r} is one image (C, H, W), got {tuple(x.shape)}")
        return x

    def read(self, variant: Variant) -> Variant:
        """Return a variant whose further images are read.

        Raises:
            DataError: one cannot be read.
        """
        inputs = {name: x if isinstance(x, Tensor) else self._read(name, x) for name, x in variant.inputs.items()}
        return replace(variant, inputs=inputs)

    def of_batch(self, variants: Sequence[Variant], *, frames: bool = False) -> TranslationNetwork:
        """Return the network for a batch of images.

        Args:
            variants: of each image, of one seed and with inputs of equal shapes; they are read.
            frames: the single variant is that of all images, whatever their number.
        """
        if not (self.network.is_random or self.network.reads):
            return self.network
        samples = FixedSamples(variants[0].seed, [each.place for each in variants], shared=frames)
        images = {name: torch.cat([_tensor(each.inputs[name]) for each in variants]) for name in self.network.reads}
        return self.network.given(samples, images)


def _tensor(x: Path | Tensor) -> Tensor:
    assert isinstance(x, Tensor), "it was read before"
    return x
