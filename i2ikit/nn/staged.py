"""Generators whose stages have names, so that any of them can be tapped."""

from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import partial

from torch import Tensor, nn

from i2ikit.checks import check_images
from i2ikit.errors import nearest_hint
from i2ikit.interfaces.inputs import ExtraInput, complete
from i2ikit.nn.recompute import recomputed


class StagedGenerator(nn.Module):
    """A generator made of named stages that run one after the other; the tap of a stage is its output.

    Inside a stage that is itself a sequence, the output of each layer but the last is a tap too: ``up1_conv`` is what
    the output of the layer ``conv`` of the stage ``up1``.

    A subclass passes its stages; the last one is called ``out`` and makes the image. One whose stages need
    more than the output of the stage before (skip connections, extra inputs) overrides :meth:`advance`.

    Args:
        in_channels: channels of the input image, at least 1.
        stages: name, module and number of output channels of each stage, in order.
        multiple: height and width of an image must be multiples of it.
        smallest: the least height and width.

    Attributes:
        extra_inputs: what it takes besides the image, in the order of :meth:`trace` and :meth:`advance`; a class or an
            instance that takes any sets it.
        checkpoint_activations: keep only the input of each stage and compute the stage again in the backward pass: less
            memory, one more forward pass, the same gradients. Off; an engine may switch it at any time.
    """

    extra_inputs: tuple[ExtraInput, ...] = ()

    def __init__(
        self, in_channels: int, stages: Sequence[tuple[str, nn.Module, int]], *, multiple: int, smallest: int = 1
    ) -> None:
        super().__init__()
        self.in_channels, self.multiple, self.smallest = in_channels, multiple, max(smallest, multiple)
        self.checkpoint_activations = False
        self.stages = nn.Sequential(OrderedDict((name, module) for name, module, _ in stages))
        self._widths = {name: width for name, _, width in stages}
        self._inner_widths = {tap: width for stage in stages for tap, width in _inner_taps(*stage)}

    @property
    def tap_names(self) -> tuple[str, ...]:
        """The names of the taps of stages, in the order in which they are computed."""
        return tuple(self._widths)

    @property
    def inner_tap_names(self) -> tuple[str, ...]:
        """The names of the taps inside the stages, in the order in which they are computed."""
        return tuple(self._inner_widths)

    def widths(self, taps: Iterable[str]) -> list[int]:
        """Return the number of channels of each tap.

        Raises:
            ValueError: a tap is unknown; the message has the nearest names.
        """
        widths = self._inner_widths | self._widths
        return [widths[name] for name in self._known(taps)]

    def trace(self, x: Tensor, taps: Iterable[str], *extra: Tensor) -> dict[str, Tensor]:
        """Run the stages up to the last requested tap, and return the outputs of the requested ones.

        Args:
            x: images (B, C, H, W) in -1..1.
            taps: names of stages; ``"out"`` is the generated image.
            extra: the extra inputs; those left out get their defaults.

        Returns:
            tap -> feature map (B, width of the tap, h, w).

        Raises:
            ValueError: a tap is unknown, or an extra input without a default is missing.
            ShapeError: the images have the wrong number of channels, or a size that the stages cannot divide; or an
                extra input has another shape than it declares.
        """
        wanted = set(self._known(taps))
        check_images(type(self).__name__, x, self.in_channels, smallest=self.smallest, multiple=self.multiple)
        extra = complete(type(self).__name__, self.extra_inputs, x, extra)
        found: dict[str, Tensor] = {}
        kept: list[Tensor] = []
        value = x
        for name, stage in self.stages.named_children():
            if len(found) == len(wanted):
                break
            value = self.advance(name, partial(self._run, name, stage, wanted, found), value, kept, *extra)
            if name in wanted:
                found[name] = value
        return found

    def _run(
        self, name: str, stage: nn.Module, wanted: Container[str], found: dict[str, Tensor], *values: Tensor
    ) -> Tensor:
        """Run a stage, and add the wanted taps inside it to ``found``."""
        run = partial(_run_layers, name, stage, wanted)
        value, inside = recomputed(stage, run, *values) if self.checkpoint_activations else run(*values)
        found.update(inside)
        return value

    def forward(self, x: Tensor, *extra: Tensor) -> Tensor:
        """Return the generated images, (B, C_out, H, W) in the range of ``x``."""
        return self.trace(x, ("out",), *extra)["out"]

    def advance(
        self, name: str, stage: Callable[..., Tensor], value: Tensor, kept: list[Tensor], *extra: Tensor
    ) -> Tensor:
        """Run one stage.

        Args:
            name: its name.
            stage: the stage; called with more than ``value``, ``stage(value, style)``, it passes all on to its module.
            value: the output of the previous stage, or the image.
            kept: tensors that earlier stages keep for later ones (skip connections); this stage may push and pop.
            extra: the extra inputs, all of them.
        """
        return stage(value)

    def _known(self, taps: Iterable[str]) -> list[str]:
        taps = list(taps)
        for name in taps:
            if name not in self._widths and name not in self._inner_widths:
                known = nearest_hint(str(name), self._widths) or f" It has: {', '.join(self._widths)}."
                raise ValueError(f"{type(self).__name__} has no tap {name!r}.{known}")
        return taps


def _inner_taps(stage_name: str, stage: nn.Module, width: int) -> Iterator[tuple[str, int]]:
    """Yield name and channels of the taps inside a stage: those of the nearest convolution."""
    layers = list(stage.named_children()) if isinstance(stage, nn.Sequential) else []
    convs = [layer for _, layer in layers if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    channels = convs[0].in_channels if convs else width
    for name, layer in layers[:-1]:
        channels = layer.out_channels if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) else channels
        yield f"{stage_name}_{name}", channels


def _run_layers(
    stage_name: str, stage: nn.Module, wanted: Container[str], value: Tensor, *others: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the output of a stage, and the wanted taps inside it; without any the stage runs in one call."""
    layers = {f"{stage_name}_{name}": layer for name, layer in stage.named_children()}
    if others or not isinstance(stage, nn.Sequential) or not any(tap in wanted for tap in layers):
        return stage(value, *others), {}
    inside = {}
    for tap, layer in layers.items():
        value = layer(value)
        if tap in wanted:
            inside[tap] = value
    return value, inside
