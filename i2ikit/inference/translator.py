"""A trained generator that takes images of any size."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import resize

from i2ikit.build import Builder
from i2ikit.checks import positive_int
from i2ikit.config.data import reading
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, read_checkpoint
from i2ikit.errors import CheckpointError, ShapeError, nearest_hint
from i2ikit.images import Reader, domain_readers, write_image
from i2ikit.inference.folders import FileDone, translate_images
from i2ikit.inference.outputs import output_image
from i2ikit.ops.image_tensors import pad_to_multiple
from i2ikit.ops.pixels import image_to_tensor
from i2ikit.plugin import get_manager
from i2ikit.registry import GENERATORS


class Translator:
    """A generator in evaluation mode, for images of any size.

    Args:
        generator: the network; it is moved to ``device`` and stays in evaluation mode. Its ``multiple`` (pixels, 1 if
            it has none) and ``smallest`` (pixels) say which sizes it takes.
        device: where it runs, such as ``"cpu"`` or ``"cuda:0"``.
        size: pixels, >= 1; the shorter side of an image is resized to it before, and the output back after. None keeps
            the size of the image.
        source, target: how files of the domain that comes in and of the domain that goes out are read and written;
            None: with the generator's ``in_channels`` (3 if it has none), at the range that numbers have by themselves.
    """

    def __init__(
        self,
        generator: nn.Module,
        device: torch.device | str = "cpu",
        *,
        size: int | None = None,
        source: Reader | None = None,
        target: Reader | None = None,
    ) -> None:
        self.source = source or Reader(getattr(generator, "in_channels", 3))
        self.target = target or self.source
        self.device = torch.device(device)
        self.generator = generator.to(self.device).eval()
        self.size = None if size is None else positive_int("size", size)

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        generator: str | None = None,
        device: torch.device | str = "cpu",
        *,
        size: int | None = None,
    ) -> "Translator":
        """Rebuild a generator from the config inside a checkpoint and load its weights.

        Args:
            path: a checkpoint of a training run.
            generator: its name in the config, such as ``"ab"``. None means the first one's moving average, where the
                config has one, else the first one.
            device, size: as for the class.

        Raises:
            CheckpointError: the file is missing or damaged, has no such generator, needs a part that isn't installed,
                or its weights don't fit its config.
        """
        path = Path(path)
        checkpoint = read_checkpoint(path)
        found = generator_configs(path, checkpoint)
        name = choose_generator(path, list(found), generator)
        network = build_generator(path, checkpoint, found[name], name)
        load_generator(path, checkpoint, network, name)
        source, target = (find_readers(path, checkpoint, network)[domain] for domain in domains_of(checkpoint, name))
        return cls(network, device, size=size, source=source, target=target)

    def __call__(self, images: Tensor) -> Tensor:
        """Translate images; no graph is kept.

        Shape:
            images: (B, C, H, W) in -1..1, any H and W; returns the same size in -1..1, on the Translator's device.

        Raises:
            ShapeError: images has no four axes, or another number of channels than the generator takes.
        """
        if images.ndim != 4:
            raise ShapeError(f"Translator needs images (B, C, H, W), got {tuple(images.shape)}")
        height, width = images.shape[-2:]
        with torch.inference_mode():
            x = images.to(self.device)
            if self.size is not None:
                x = resize(x, resized(height, width, self.size), InterpolationMode.BICUBIC).clamp(-1, 1)
            output = self._padded(x)
            if self.size is not None:
                output = resize(output, [height, width], InterpolationMode.BICUBIC)
            return output.clamp(-1, 1)

    def _padded(self, x: Tensor) -> Tensor:
        """Pad to a size that the generator takes, translate, cut the pad off."""
        multiple, smallest = getattr(self.generator, "multiple", 1), getattr(self.generator, "smallest", 1)
        output: Tensor = self.generator(pad_to_multiple(x, multiple, smallest))
        return output[..., : x.shape[-2], : x.shape[-1]]

    def translate_path(
        self, source: str | Path, output: str | Path, *, on_progress: Callable[[FileDone], None] | None = None
    ) -> int:
        """Translate an image, or all images of a folder and the folders in it; names and tree are kept.

        Images are turned upright as their EXIF orientation says, transparency and color profile are kept, outputs
        have the size, the depth and the format of their inputs (JPEG at quality 95; PNG where the format can't be
        written, TIFF where it can't hold the generator's channels).

        Args:
            source: an image or a folder.
            output: a folder, which is made, or for a single image also a file name, whose extension picks the format.
            on_progress: called after each image, translated or failed.

        Returns:
            how many images were translated.

        Raises:
            DataError: nothing to translate; outputs would replace inputs (nothing is written then); or images could
                not be read: all others are done then, and the message lists those that failed.
            RunError: an output could not be written.
        """
        return translate_images(
            self.translate_file,
            Path(source),
            Path(output),
            on_progress,
            channels=self.target.channels - self.target.keeps_alpha,
        )

    def translate_file(self, source: Path, target: Path) -> None:
        """Translate one image; ``target`` is replaced at once, when the output is whole.

        Raises:
            DataError: the image can't be read.
            RunError: the output can't be written.
        """
        image = self.source.image(source)
        output = self(image_to_tensor(image.pixels)[None])[0]
        write_image(output_image(output, image, self.source, self.target), target)


def resized(height: int, width: int, shorter: int) -> list[int]:
    """Return height and width scaled so that the shorter one becomes ``shorter``, in pixels."""
    scale = shorter / min(height, width)
    return [max(1, round(height * scale)), max(1, round(width * scale))]


def generator_configs(path: Path, checkpoint: Checkpoint) -> Mapping[str, Any]:
    """Return the generators' configs of a checkpoint by name, the averages of the first one before it, others last."""
    model = checkpoint.config.get("model")
    found = model.get("generators") if isinstance(model, Mapping) else None
    if not isinstance(model, Mapping) or not isinstance(found, Mapping) or not found:
        raise CheckpointError(f"the config inside {path} names no generators")
    followed = {name: average["of"].split(".") for name, average in (model.get("averages") or {}).items()}
    averages = {name: of for name, (kind, of) in followed.items() if kind == "generators"}
    first = {name: found[of] for name, of in averages.items() if of == next(iter(found))}
    return {**first, **found, **{name: found[of] for name, of in averages.items()}}


def choose_generator(path: Path, names: list[str], wanted: str | None) -> str:
    """Return the generator that is meant: the first one unless another is named."""
    if wanted is not None and wanted not in names:
        hint = nearest_hint(wanted, names)
        raise CheckpointError(f"{path} has no generator {wanted!r}; it has {', '.join(names)}.{hint}")
    return wanted or names[0]


def domains_of(checkpoint: Checkpoint, name: str) -> tuple[str, str]:
    """Return the domains that a generator leads from and to: ``ab``, ``ba``, or an average of one of them."""
    averages = checkpoint.config["model"].get("averages") or {}
    followed = str(averages[name]["of"]).rpartition(".")[2] if name in averages else name
    return ("b", "a") if followed == "ba" else ("a", "b")


def find_readers(path: Path, checkpoint: Checkpoint, network: nn.Module) -> dict[str, Reader]:
    """Return how the config inside a checkpoint reads the files of both domains."""
    said = {"channels": getattr(network, "in_channels", 3), **reading(checkpoint.config)}
    try:
        return domain_readers(**said)
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"the config inside {path} says wrongly how files are read: {error}") from error


def build_generator(path: Path, checkpoint: Checkpoint, config: Any, name: str) -> nn.Module:
    """Build a generator from its config inside a checkpoint."""
    builder = Builder()
    network = builder.part(GENERATORS, config, f"model.generators.{name}")
    if network is not None:
        return network
    errors = "\n".join(f"  - {error.path}: {error.message}" for error in builder.errors)
    hints = ""
    for plugin, about in checkpoint.plugins.items():
        package = str(about.get("package", plugin))
        problem = "; ".join(get_manager().problems([package])) or "it is installed"
        hints += f"\n  It was trained with {package} {about.get('version', '')}: {problem}."
    raise CheckpointError(f"cannot rebuild the generator of {path}:\n{errors}{hints}")


def load_generator(path: Path, checkpoint: Checkpoint, network: nn.Module, name: str) -> None:
    """Load a generator's weights out of the state of the whole model."""
    prefix = f"generators.{name}."
    state = {key.removeprefix(prefix): value for key, value in checkpoint.model.items() if key.startswith(prefix)}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(
            f"the weights in {path} do not fit the generator {name!r} of its config: {error}"
        ) from error
