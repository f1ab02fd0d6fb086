"""Calls of networks: with taps or without, in a precision, with frozen parameters."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from inspect import ismethod
from typing import Any, cast

from torch import Tensor, nn

from i2ikit.interfaces.inputs import extra_inputs
from i2ikit.translation.expressions import Expression

OUT = "out"


def call(network: nn.Module, inputs: Sequence[Tensor], taps: Sequence[str]) -> dict[str, Tensor]:
    """Return the outputs of a network by tap.

    A network with ``trace`` returns the taps; another one its output alone. An output that is a list, the logits of
    several scales, becomes the taps ``out.0``, ``out.1``, ...

    Args:
        network: a generator or a discriminator.
        inputs: the image, then the extra inputs.
        taps: wanted.
    """
    if hasattr(network, "trace"):
        found: dict[str, Any] = dict(cast(Any, network).trace(inputs[0], taps, *inputs[1:]))
    else:
        found = {OUT: network(*inputs)}
    output = found.get(OUT)
    if isinstance(output, list | tuple):
        del found[OUT]
        found.update({f"{OUT}.{index}": x for index, x in enumerate(output)})
    return found


def filled(network: nn.Module, inputs: Sequence[Expression], given: Sequence[Tensor]) -> list[Tensor]:
    """Return the inputs of a call: the given tensors in their order, and tensors for the numbers among the inputs.

    Args:
        network: which declares its extra inputs.
        inputs: the image, then the extra inputs.
        given: the values of all inputs that are no numbers.

    Raises:
        ShapeError: a tensor is not what the network declares.
    """
    left = iter(given)
    image = next(left)
    values = [image]
    for extra, each in zip(extra_inputs(network), inputs[1:], strict=True):
        value = next(left) if each.number is None else extra.filled(each.number, image)
        extra.check(f"{type(network).__name__} of {', '.join(map(str, inputs))}", value, image.shape[0])
        values.append(value)
    return values


def outputs(taps: dict[str, Tensor]) -> list[Tensor]:
    """Return the output among the taps of a call, one tensor per scale."""
    return [x for tap, x in taps.items() if is_output(tap)]


def is_output(tap: str) -> bool:
    """Return whether a tap of a call is its output, or one scale of it."""
    return tap == OUT or tap.startswith(f"{OUT}.")


@contextmanager
def frozen(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Keep the parameters of networks out of any graph that is made inside."""
    kept = [parameter for network in networks for parameter in network.parameters() if parameter.requires_grad]
    for parameter in kept:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in kept:
            parameter.requires_grad_(True)


class InPrecision(nn.Module):
    """A network that computes in a given precision wherever it is called."""

    def __init__(self, network: nn.Module, precision: Callable[[], AbstractContextManager[object]]) -> None:
        super().__init__()
        self.network, self.precision = network, precision

    def forward(self, *arguments: Any, **options: Any) -> Any:
        """Return what the network returns."""
        with self.precision():
            return self.network(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        """Return what the network has: a head may have more than its call. Its methods compute in the precision too."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            found = getattr(super().__getattr__("network"), name)
        return partial(self._within, found) if ismethod(found) else found

    def _within(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        with self.precision():
            return method(*arguments, **options)
