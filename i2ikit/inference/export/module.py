"""The network that is exported: a generator with the padding, the crop and the range of values around it."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from i2ikit.errors import CheckpointError
from i2ikit.nn.stylegan2 import Noise
from i2ikit.translation.rendering import FixedSamples, OutputNetwork

TRIAL = 64  # pixels of the side of the image that shows whether a generator draws random numbers


class ExportedGenerator(nn.Module):
    """A generator that takes images of any size; all that depends on the size is part of the graph.

    Args:
        generator: in evaluation mode. Its attributes ``multiple`` and ``smallest`` (pixels, 1 if missing) limit the
            sizes that it takes.
        uint8: images are bytes, as Pillow and NumPy hold them.
        half: compute in float16; images stay as they are.
    Shape:
        (B, C, H, W) in -1..1 -> (B, C_out, H, W) in -1..1, B, H and W >= 1;
        with ``uint8``: (B, H, W, C) in 0..255 -> (B, H, W, C_out) in 0..255.
    """

    def __init__(self, generator: nn.Module, *, uint8: bool = False, half: bool = False) -> None:
        super().__init__()
        self.multiple, self.smallest = getattr(generator, "multiple", 1), getattr(generator, "smallest", 1)
        self.generator = generator.half() if half else generator
        self.uint8, self.half_precision = uint8, half

    def forward(self, image: Tensor) -> Tensor:
        """Return the translated images."""
        x = image.permute(0, 3, 1, 2).float() / 127.5 - 1 if self.uint8 else image
        height, width = x.shape[-2:]
        x = _padded(_padded(x, 3, self.multiple, self.smallest), 2, self.multiple, self.smallest)
        y = self.generator(x.half()).float() if self.half_precision else self.generator(x)
        y = y.narrow(2, 0, height).narrow(3, 0, width).clamp(-1, 1)
        return to_bytes(y) if self.uint8 else y


def to_bytes(images: Tensor) -> Tensor:
    """Return images (B, C, H, W) in -1..1 as bytes (B, H, W, C), rounded as files of 8 bits are."""
    return ((images + 1) / 2 * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def _padded(x: Tensor, dim: int, multiple: int, smallest: int) -> Tensor:
    """Pad one axis as ``pad_to_multiple`` does, by an index into it whose length is computed in the graph."""
    length = x.shape[dim]
    tracing = torch.jit.is_tracing()  # type: ignore[attr-defined]  # then a length is a tensor
    size: Any = length if tracing else torch.scalar_tensor(length, dtype=torch.int64)
    blocks: Any = torch.div(size.clamp(min=smallest) + (multiple - 1), multiple, rounding_mode="floor")
    index = torch.arange(multiple * (blocks if tracing else _count(blocks, length, multiple, smallest)))
    reflected = (length - 1) - (index - (length - 1)).abs()
    repeated = index.clamp(max=length - 1)
    return x.index_select(dim, torch.where(reflected[-1] < 0, repeated, reflected))


def _count(blocks: Tensor, length: int, multiple: int, smallest: int) -> Any:
    """Return a number that is computed in the graph, with what the compiler cannot know of it."""
    count: Any = blocks.item()
    torch._check(count >= -(-smallest // multiple))
    torch._check(count * multiple >= length)
    return count


def trial_input(module: ExportedGenerator, channels: int, batch: int, height: int, width: int) -> Tensor:
    """Return random images as a module takes them, the same at each call."""
    random = torch.Generator().manual_seed(height * width)
    shape = (batch, height, width, channels) if module.uint8 else (batch, channels, height, width)
    if module.uint8:
        return torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
    return torch.rand(shape, generator=random) * 2 - 1


def prepare(generator: nn.Module, channels: int) -> nn.Module:
    """Return a copy of a generator, in evaluation mode on the CPU, that gives the same output whenever it is called.

    Args:
        generator: its noise (StyleGAN2) is left out.
        channels: of its input.

    Raises:
        CheckpointError: it draws other random numbers, or has a view that does.
    """
    copy = without_noise(deepcopy(generator)).cpu().float().eval()
    if isinstance(copy, OutputNetwork):
        copy = copy.given(FixedSamples())  # one call of each view, for batches of any size
    side = -(-TRIAL // getattr(copy, "multiple", 1)) * getattr(copy, "multiple", 1)
    x = torch.linspace(-1, 1, channels * side * side).reshape(1, channels, side, side)
    with torch.inference_mode():
        if isinstance(copy, OutputNetwork) and not torch.equal(copy(x), copy.given(FixedSamples(seed=1))(x)):
            raise CheckpointError(
                f"the views of {copy.expression} draw random numbers, which an exported file cannot. Name an output "
                "without them: model.outputs in the config, and `--output NAME`."
            )
        if not torch.equal(copy(x), copy(x)):
            raise CheckpointError(
                f"{described(generator)} draws random numbers while it translates: it cannot be compared with "
                "its export. Train it without them."
            )
    return copy


def described(generator: nn.Module) -> str:
    """Return what a generator is, for messages."""
    composed = isinstance(generator, OutputNetwork)
    return f"the output {generator.expression}" if composed else f"a {type(generator).__name__}"


def without_noise(network: nn.Module) -> nn.Module:
    """Replace every layer of noise in a network, in place."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, Noise):
                setattr(module, name, nn.Identity())
    return network
