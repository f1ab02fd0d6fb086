"""The convolutions of a training step alone, each in its fastest way: what `tools/bench_step.py` calls the floor."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from i2ikit.ops.fast_operations import fast_operations

CONVOLUTION, GRADIENTS = torch.ops.aten.convolution, torch.ops.aten.convolution_backward


class Call(NamedTuple):
    """A convolution of a step: what its cost depends on.

    Attributes:
        image, weight: their shapes.
        options: stride, padding, dilation, transposed, output padding, groups.
        dtype: of both.
        outputs: the gradients that are wanted, of image, weight and bias; None: a forward call.
    """

    image: tuple[int, ...]
    weight: tuple[int, ...]
    options: tuple[Any, ...]
    dtype: torch.dtype
    outputs: tuple[bool, ...] | None


class Convolutions(TorchDispatchMode):
    """Counts the convolutions of PyTorch that are run while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[Call] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run one operation."""
        name = func._overloadpacket
        if name is CONVOLUTION:
            self._add(args[0], args[1], args[3:9], None)
        elif name is GRADIENTS:
            self._add(args[1], args[2], args[4:10], tuple(args[10]))
        return func(*args, **(kwargs or {}))

    def _add(self, image: Tensor, weight: Tensor, options: Iterable[Any], outputs: tuple[bool, ...] | None) -> None:
        frozen = tuple(tuple(each) if isinstance(each, list) else each for each in options)
        self.calls[Call(tuple(image.shape), tuple(weight.shape), frozen, image.dtype, outputs)] += 1


class Floor:
    """The convolutions of a step, each in the fastest way.

    Args:
        calls: how often each convolution is run.
        device: to run on.
    """

    def __init__(self, calls: Mapping[Call, int], device: torch.device) -> None:
        self.calls, self.device = calls, device

    def seconds(self) -> float:
        """Run each convolution once in each way; return the seconds of all calls of a step."""
        return sum(count * self._fastest(call) for call, count in self.calls.items())

    def _fastest(self, call: Call) -> float:
        """Return the seconds of a forward call, or of the gradients of image and weights, each in its fastest way."""
        if call.outputs is None:
            return min(self._forward(call))
        of_image = min(self._image_gradient(call)) if call.outputs[0] else 0.0
        return of_image + (min(self._gradients(call, [False, True, False])) if call.outputs[1] else 0.0)

    def _forward(self, call: Call) -> Iterable[float]:
        for layout in (torch.contiguous_format, torch.channels_last):
            image, weight = self._draw(call, layout)
            yield self._seconds(CONVOLUTION, image, weight, None, *call.options)
        if not call.options[3]:
            yield self._fast(call.image, call.weight, call.options, call.dtype)

    def _image_gradient(self, call: Call) -> Iterable[float]:
        yield from self._gradients(call, [True, False, False])
        stride, padding, dilation, transposed, _, groups = call.options
        if not transposed and set(stride) == set(dilation) == {1} and groups == 1:
            outputs, inputs, height, width = call.weight  # the gradient is a convolution with the kernel turned around
            borders = [side - 1 - border for side, border in zip((height, width), padding, strict=True)]
            if min(borders) >= 0:
                gradient = (call.image[0], outputs, *self._output(call))
                options = (stride, borders, dilation, False, (0, 0), groups)
                yield self._fast(gradient, (inputs, outputs, height, width), options, call.dtype)

    def _output(self, call: Call) -> list[int]:
        """Return height and width of the result of a convolution of stride 1."""
        sides = zip(call.image[2:], call.weight[2:], call.options[1], strict=True)
        return [size + 2 * border - kernel + 1 for size, kernel, border in sides]

    def _gradients(self, call: Call, wanted: list[bool]) -> Iterable[float]:
        for layout in (torch.contiguous_format, torch.channels_last):
            image, weight = self._draw(call, layout)
            gradient = torch.randn_like(CONVOLUTION(image, weight, None, *call.options))
            yield self._seconds(GRADIENTS, gradient, image, weight, [0], *call.options, wanted)

    def _draw(self, call: Call, layout: torch.memory_format) -> tuple[Tensor, Tensor]:
        shapes = call.image, call.weight
        image, weight = (torch.randn(shape, device=self.device, dtype=call.dtype) for shape in shapes)
        return image.contiguous(memory_format=layout), weight.contiguous(memory_format=layout)

    def _fast(self, image: Sequence[int], weight: Sequence[int], options: Sequence[Any], dtype: torch.dtype) -> float:
        """Return the seconds of a convolution with the replacements of i2ikit.ops."""
        stride, padding, dilation, _, _, groups = options
        x, w = (torch.randn(shape, device=self.device, dtype=dtype) for shape in (image, weight))
        with torch.no_grad(), fast_operations("fp32", self.device)():
            return self._seconds(F.conv2d, x, w, None, tuple(stride), tuple(padding), tuple(dilation), groups)

    def _seconds(self, operation: Callable[..., Any], *arguments: Any) -> float:
        wait(self.device)
        start = time.perf_counter()
        operation(*arguments)
        wait(self.device)
        return time.perf_counter() - start


def wait(device: torch.device) -> None:
    """Wait until a GPU has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
