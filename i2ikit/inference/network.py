"""Runs a generator on batches of images of any size: what all ways of translation go through."""

import copy
import logging
import threading
from collections.abc import Callable, Mapping
from functools import cached_property

import torch
from torch import Tensor, nn

from i2ikit.checks import one_of, positive_int, side
from i2ikit.datasets.extra import KINDS
from i2ikit.distributed.device import model_to_device
from i2ikit.engine.execution import network_precision
from i2ikit.environment import free_memory
from i2ikit.errors import ShapeError
from i2ikit.inference.failures import TooLargeError, bytes_per_pixel, is_out_of_memory
from i2ikit.inference.tiling import TensorSource, TiledTranslation
from i2ikit.ops.fast_operations import fast_operations
from i2ikit.ops.image_tensors import pad_to_multiple
from i2ikit.ops.kept_kernels import KeptKernels
from i2ikit.translation.rendering import FixedSamples, OutputNetwork

LARGE = 2**20  # pixels from which the memory is checked first
COMPILING = threading.Lock()  # torch compiles one function at a time
SHARE = 0.8  # of the memory that is free
MOST_MEMORY = 2**31  # bytes for tiles; more would save little time
UNKNOWN = 2**12  # bytes per pixel of a generator whose memory cannot be estimated: twice what published ones take
PRECISIONS = ("fp32", "bf16", "fp16")

logger = logging.getLogger(__name__)


class TranslationNetwork:
    """A generator in evaluation mode, for batches of any size; several threads may call it at the same time.

    Args:
        generator: the network; it is moved to ``device`` and set to evaluation mode. Its attributes ``multiple`` and
            ``smallest`` (pixels, 1 if missing) limit the sizes that it takes; images are padded to fit.
        device: such as ``"cpu"`` or ``"cuda:0"``.
        precision: ``"fp32"``, ``"bf16"`` or ``"fp16"`` (CUDA only): the type that the generator computes in.
        compile: let torch.compile translate the generator into faster code at the first image, which takes up to
            minutes. Where that fails, a warning gives the reason and the generator runs as it is.
        size: pixels, >= 1. The shorter side of an image is resized to it first, and the output is resized back. None
            keeps the size of the image.
        memory: bytes, >= 1, that the translation of an image may take, besides the program itself. An image that needs
            more is translated in tiles. None: 80 % of what is free, of which tiles take at most 2 GB.

    Attributes:
        expression: the text of the output, for messages.
        kernels: keeps what does not depend on the image; entered while many images are translated on a CPU.

    Raises:
        DeviceError: fp16 on another device than CUDA.
        ValueError: an argument is out of its range.
    """

    def __init__(
        self,
        generator: nn.Module,
        device: torch.device | str = "cpu",
        *,
        precision: str = "fp32",
        compile: bool = False,
        size: int | None = None,
        memory: int | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.size = None if size is None else side("size", size)
        self.memory = None if memory is None else positive_int("memory", memory)
        self.precision = network_precision(one_of("precision", precision, PRECISIONS), self.device)
        self.generator = generator.eval()
        model_to_device(self.generator, self.device)
        self.channels = int(getattr(generator, "in_channels", 3))
        self.expression = str(getattr(generator, "expression", type(generator).__name__))
        self.kernels = KeptKernels()
        self._operations = fast_operations(precision, self.device, self.kernels)
        self._compiled: Callable[[Tensor], Tensor] | None = torch.compile(self.generator) if compile else None

    @property
    def is_compiled(self) -> bool:
        """Whether it runs in one thread at a time."""
        return self._compiled is not None

    @property
    def is_random(self) -> bool:
        """Whether outputs depend on a seed."""
        return isinstance(self.generator, OutputNetwork) and self.generator.random

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the real images that it reads besides the one that it translates."""
        return self.generator.reads[1:] if isinstance(self.generator, OutputNetwork) else ()

    @property
    def source(self) -> str:
        """The name of the image that it translates."""
        return self.generator.source if isinstance(self.generator, OutputNetwork) else "a"

    def with_generator(self, generator: nn.Module) -> "TranslationNetwork":
        """Return a network that differs in its generator only, which is not compiled."""
        found = copy.copy(self)
        found.generator, found._compiled = generator.eval(), None
        return found

    def given(self, samples: FixedSamples, images: Mapping[str, Tensor]) -> "TranslationNetwork":
        """Return a network for one batch: with the samples of its views, and with what it reads besides the image.

        It is this one if it depends on neither. The further images are resized and padded as the image is.
        """
        if not isinstance(self.generator, OutputNetwork):
            return self
        fitted = {name: self._fitted(name, images[name]) for name in self.reads if name in images}
        return self.with_generator(self.generator.given(samples, fitted))

    def _fitted(self, name: str, x: Tensor) -> Tensor:
        """Return a further image as the generator gets it; masks and labels are resized by the nearest pixel."""
        values = x.to(self.device, torch.float32)
        if self.size is not None:
            codes = name.rpartition("_")[2] in KINDS
            size = resized(x.shape[-2], x.shape[-1], self.size)
            values = _resize(values, size, "nearest-exact" if codes else "bicubic")
            values = values if codes else values.clamp(-1, 1)
        return self._padded(values).to(x.dtype)

    def _padded(self, x: Tensor) -> Tensor:
        return pad_to_multiple(x, getattr(self.generator, "multiple", 1), getattr(self.generator, "smallest", 1))

    def __call__(self, images: Tensor) -> Tensor:
        """Translate a batch of images, without gradients.

        Shape:
            images: (B, C, H, W) in -1..1, floating point, B, H and W >= 1; returns float32 of the same size in -1..1,
                on the device.

        Raises:
            ShapeError: ``images`` has not four axes, is empty, or has another number of channels than the generator.
            TooLargeError: an image needs more memory than there is, in tiles too.
        """
        if images.ndim != 4 or not images.numel():
            raise ShapeError(f"a generator needs images (B, C, H, W), got {tuple(images.shape)}")
        height, width = images.shape[-2:]
        with torch.no_grad():  # outputs of the inference mode cannot be changed in place, or used where gradients flow
            x = images.to(self.device, torch.float32)
            if self.size is not None:
                x = _resize(x, resized(height, width, self.size)).clamp(-1, 1)
            output = self.run(x)
            if self.size is not None:
                output = _resize(output, [height, width])
            return output.clamp(-1, 1)

    def run(self, x: Tensor) -> Tensor:
        """Translate images on the device at their own size; values are not clamped. The caller allows no gradients.

        Images that together do not fit into memory are translated one by one, and one that does not fit in tiles.
        """
        height, width = x.shape[-2:]
        if self.fits(len(x) * height * width):
            return self.run_whole(x)
        if len(x) > 1:
            return torch.cat([self._row(index).run(image) for index, image in enumerate(x.split(1))])
        return torch.cat([*self.tiles().bands(TensorSource(x[0]))], 1)[None].to(self.device)

    def _row(self, index: int) -> "TranslationNetwork":
        """Return the network for one image of a batch."""
        generator = self.generator
        if not isinstance(generator, OutputNetwork) or generator.samples.shared:
            return self
        return self.with_generator(generator.row(index))

    def run_whole(self, x: Tensor) -> Tensor:
        """Translate images as :meth:`run`, whatever memory that takes."""
        padded = self._padded(x)
        if self.device.type == "cuda":
            padded = padded.contiguous(memory_format=torch.channels_last)
        with self.precision():
            output = self._forward(padded)
        return output.float()[..., : x.shape[-2], : x.shape[-1]]

    def _forward(self, x: Tensor) -> Tensor:
        """Call the compiled generator, or the generator itself where it cannot be compiled."""
        if self._compiled is not None:
            with COMPILING:
                if self._compiled is not None:
                    return self._try_compiled(self._compiled, x)
        return self._uncompiled(x)

    def _uncompiled(self, x: Tensor) -> Tensor:
        with self._operations():
            output: Tensor = self.generator(x)
        return output

    def _try_compiled(self, compiled: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        try:
            return compiled(x)
        except Exception as error:  # compilers fail in any way
            if is_out_of_memory(error):
                raise
            output = self._uncompiled(x)  # if this fails too, compiling was not the reason
            self._compiled = None
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            logger.warning("torch.compile fails here (%s); the generator runs without it", reason)
            return output

    def fits(self, pixels: int) -> bool:
        """Return whether so many pixels, of all images of a batch, are translated at once: the memory suffices."""
        if self.memory is None and pixels < LARGE:
            return True
        needed, free = pixels * self._bytes_per_pixel, self.memory or self._free()
        return free is None or needed <= free

    def tiles(self, on_progress: Callable[[int, int], None] | None = None) -> TiledTranslation:
        """Return the translation of images in tiles, within the memory.

        Raises:
            TooLargeError: the norms of the generator cannot share their statistics among tiles, or it has random values
                or further images that belong to the pixels of the whole image.
        """
        reason = self.generator.needs_whole_images() if isinstance(self.generator, OutputNetwork) else ""
        if reason:
            raise TooLargeError(f"{reason}, so it takes no tiles: allow more with --memory")
        memory = self.memory or min(self._free() or MOST_MEMORY, MOST_MEMORY)

        def run(generator: nn.Module, x: Tensor) -> Tensor:
            return self.with_generator(generator).run_whole(x.to(self.device))

        return TiledTranslation(run, self.generator, memory, self._bytes_per_pixel, on_progress=on_progress)

    @cached_property
    def _bytes_per_pixel(self) -> float:
        return bytes_per_pixel(self.generator, self.channels) or UNKNOWN

    def _free(self) -> float | None:
        """Return the bytes of memory that a translation may take of what is free."""
        if self.device.type == "cuda":
            unused = torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
            return SHARE * (torch.cuda.mem_get_info(self.device)[0] + unused)
        free = free_memory()
        return None if free is None else SHARE * free


def _resize(x: Tensor, size: list[int], mode: str = "bicubic") -> Tensor:
    """Return a batch resized to a height and a width in pixels."""
    from torchvision.transforms.v2 import InterpolationMode  # here, because its import takes seconds
    from torchvision.transforms.v2.functional import resize

    return resize(x, size, InterpolationMode(mode))


def resized(height: int, width: int, shorter: int) -> list[int]:
    """Return height and width scaled so that the shorter one becomes ``shorter``, in pixels."""
    scale = shorter / min(height, width)
    return [max(1, round(height * scale)), max(1, round(width * scale))]
