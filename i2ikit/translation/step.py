"""One training step: everything that its terms read, with each pass made once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from i2ikit.interfaces import full_name
from i2ikit.interfaces.progress import Progress
from i2ikit.ops.numerics import at_least_float32
from i2ikit.translation.expressions import Expression, parse
from i2ikit.translation.passes import PassKey, PassOutput, PassPlan
from i2ikit.translation.phase import Phase
from i2ikit.translation.random_streams import RandomStreams
from i2ikit.views.base import View


class StepModel(Protocol):
    """What a step needs of the model.

    Attributes:
        generators, heads, views: modules by name.
        phases: in the order of the updates of a step.
        shareable: whether several passes of a network can be joined in one call, by the network's full name.
        precision: makes the context that networks compute in.
        plain: whether every read makes a pass of its own.
    """

    generators: nn.ModuleDict
    heads: nn.ModuleDict
    views: nn.ModuleDict
    phases: dict[str, Phase]
    shareable: dict[str, bool]
    precision: Callable[[], AbstractContextManager[object]]
    plain: bool

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All networks by full name."""


class Step:
    """The images, features and logits of one step. Every iteration has a new one.

    A pass is made when it is first read, joined with the passes that can share its call, and kept: images and features
    for the rest of the step, logits until their discriminator is updated. A read is detached if the phase updates no
    network that its gradient would reach.

    Args:
        model: networks, views and phases.
        batch: the real images by name, each (B, C, H, W) in -1..1.
        progress: of this step.
        streams: the random streams of this step.
        lean: keep no graph, and no output that can be computed again, for a later phase.

    Attributes:
        term: the name of the term that is computed, or was computed last.
    """

    def __init__(
        self,
        model: StepModel,
        batch: Mapping[str, Tensor],
        progress: Progress,
        streams: RandomStreams,
        *,
        lean: bool = False,
    ) -> None:
        self.progress, self.first = progress, streams.first
        self._model, self._batch, self._streams = model, batch, streams
        self._views = {name: cast(View, view) for name, view in model.views.items()}
        self._phase, self.term, self._stream = 0, "", ""
        self.active = [phase.active(progress) for phase in model.phases.values()]
        reads = [[read for term, _ in terms.values() for read in term.reads()] for terms in self.active]
        self._view_samples = self._sample_views(read.image for phase in reads for read in phase)
        self._resolved: dict[str, Expression] = {}
        self._plan = PassPlan(
            reads,
            [frozenset(phase.update) for phase in model.phases.values()],
            generators=set(model.generators),
            opaque={name for name, view in self._views.items() if not view.differentiable},
            resolved={read.image: self._resolve(read.image) for phase in reads for read in phase},
            lean={name for name, shareable in model.shareable.items() if lean and shareable},
        )
        self._outputs: dict[PassKey, PassOutput] = {}
        self._viewed: dict[tuple[Expression, bool], Tensor] = {}

    def run_phase(self, index: int) -> tuple[Tensor | None, dict[str, Tensor]]:
        """Return the weighted sum of a phase's active terms (None if there are none) and each term's plain value."""
        self._phase = index
        total: Tensor | None = None
        values = {}
        heads = self._model.heads.items()
        streams = list(self._model.phases.values())[index].terms
        with _frozen(head for name, head in heads if f"heads.{name}" not in self._plan.updates[index]):
            for name, (term, weight) in self.active[index].items():
                self.term, self._stream = name, streams[name].stream or name
                value = term(self)
                values[name] = value.detach()
                total = weight * value if total is None else total + weight * value
        return total, values

    def forget(self, index: int) -> None:
        """Drop what the update of a phase invalidates: logits of updated networks, and graphs through them."""
        names = self._plan.updates[index]
        for key, output in list(self._outputs.items()):
            stale = key.network in names and key.network not in self._generator_names()
            if stale or not self._plan.keeps(key, index):
                del self._outputs[key]
            elif output.graph & names:
                self._outputs[key] = output.detached()
        self._viewed = {key: x for key, x in self._viewed.items() if not key[1]}

    # what terms read ------------------------------------------------------------------------------------------------

    def image(self, expression: str, *, grad: bool = True) -> Tensor:
        """Return the image (B, C, H, W) of an expression such as ``"ba(ab(a))"``."""
        image = self._resolve(expression)
        reached = self._plan.upstream(image) & self._plan.updates[self._phase] if grad else frozenset()
        return self._value(image, reached)

    def taps(self, network: str, image: str, names: Sequence[str], *, grad: bool = True) -> dict[str, Tensor]:
        """Return the named features (B, C, H, W) of the pass of ``image`` through a generator or an extractor."""
        key = PassKey(full_name(network), self._resolve(image))
        taps = self._read(key, self._plan.reached(key, self._phase, grad), names).taps
        missing = [name for name in names if name not in taps]
        if missing:
            raise self._not_announced(f"taps {', '.join(missing)} of {network}({image})")
        return {name: taps[name] for name in names}

    def logits(self, discriminator: str, image: str, *, grad: bool = True) -> list[Tensor]:
        """Return the logits of ``discriminator`` for ``image``: float32 maps (B, 1, h, w), one per scale."""
        key = PassKey(f"discriminators.{discriminator}", self._resolve(image))
        output = self._read(key, self._plan.reached(key, self._phase, grad))
        return [at_least_float32(x) for x in output.taps.values()]

    def leaf(self, discriminator: str, image: str) -> tuple[Tensor, list[Tensor]]:
        """Return the image as a differentiable leaf, and the discriminator's logits for it."""
        key = PassKey(f"discriminators.{discriminator}", self._resolve(image))
        output = self._output(key, self._plan.reached(key, self._phase))
        if output.leaf is None:
            raise self._not_announced(f"{image} as a leaf of discriminator {discriminator}")
        return output.leaf, [at_least_float32(x) for x in output.taps.values()]

    def head(self, name: str) -> nn.Module:
        """Return a head by name, set to compute in the model's precision."""
        head = self._model.heads[name]
        return head if self._model.precision is nullcontext else _InPrecision(head, self._model.precision)

    def align(self, feature: Tensor, image: str, reference: str) -> Tensor:
        """Undo on ``feature``, read from ``image``, the views that ``reference`` does not have."""
        kept = self._resolve(reference).functions()
        for part in self._resolve(image).walk():
            if part.arguments and part.name in self._views and part.name not in kept:
                feature = self._views[part.name].invert(feature, self._view_samples[part.name])
        return feature

    def permutation(self, label: str, size: int, count: int) -> Tensor:
        """Return ``count`` of ``size`` positions in random order, without replacement, int64, from its stream."""
        return self._streams.permutation(f"{self._stream}/{label}", size, count)

    def noise(self, label: str, images: int, *size: int) -> Tensor:
        """Return float32 samples from N(0, 1) of size (images, *size), on the CPU, one stream per image."""
        return self._streams.noise(f"{self._stream}/{label}", images, *size)

    # how passes are made ---------------------------------------------------------------------------------------------

    def _sample_views(self, images: Iterable[str]) -> dict[str, Any]:
        used = {name for image in images for name in parse(image).functions() if name in self._views}
        return {
            name: view.sample(self._streams.generator(f"view/{name}"))
            for name, view in self._views.items()
            if name in used
        }

    def _resolve(self, text: str) -> Expression:
        if text not in self._resolved:
            image = parse(text)
            if not image.functions() & set(self._views) <= self._view_samples.keys():
                raise self._not_announced(text)
            self._resolved[text] = image.without(lambda name: self._view_samples.get(name, True) is None)
        return self._resolved[text]

    def _not_announced(self, what: str) -> RuntimeError:
        return RuntimeError(f"term {self.term!r} reads {what}, but reads() of no term in this phase lists it")

    def _generator_names(self) -> set[str]:
        return {f"generators.{name}" for name in self._model.generators}

    def _value(self, image: Expression, reached: frozenset[str]) -> Tensor:
        """Return an image, with its graph if gradient must reach any of these networks through it."""
        if not image.arguments:
            return self._batch[image.name]
        reached = reached & self._plan.upstream(image)
        if image.name in self._model.generators:
            return self._read(PassKey(f"generators.{image.name}", image.arguments[0]), reached).taps["out"]
        view = self._views[image.name]
        memory = (image, bool(reached))
        if memory not in self._viewed:
            viewed = [self._value(argument, reached) for argument in image.arguments]
            arguments = ", ".join(map(str, image.arguments))
            sample = self._view_samples[image.name]
            self._viewed[memory] = view(*viewed, sample=sample, expression=arguments, first=self.first)
        return self._viewed[memory]

    def _read(self, key: PassKey, reached: frozenset[str], taps: Sequence[str] = ("out",)) -> PassOutput:
        """Return the output of a pass, detached unless gradient must reach a network through it."""
        output = self._output(key, reached, taps)
        return output if reached else output.detached()

    def _output(self, key: PassKey, reached: frozenset[str], taps: Sequence[str] = ("out",)) -> PassOutput:
        """Return the output of a pass; make it if there is none whose graph reaches these networks."""
        if key not in self._plan.demands:
            raise self._not_announced(f"{key.network}({key.image})")
        output = self._outputs.get(key)
        if self._model.plain and (reached or output is None or not self._plan.is_updated_before(key, self._phase)):
            output = self._run([key], reached, taps)[key]
            self._outputs[key] = output.detached()  # for a later phase, which reads what was before the updates
        elif output is None or not reached <= output.graph:
            output = self._make(key)
        lost = sorted(reached - output.graph)
        if lost:
            raise RuntimeError(
                f"term {self.term!r} gets no gradient to {', '.join(lost)} through {key.network}({key.image}): "
                "no term of this phase lists it in reads() with gradient, or a gradient penalty differentiates it"
            )
        return output

    def _make(self, key: PassKey) -> PassOutput:
        """Make and keep the output of a pass, and of all passes that can share its call."""
        can_share = self._model.shareable[key.network]
        keys = self._plan.joinable(key, self._phase, self._outputs) if can_share else [key]
        taps = dict.fromkeys(tap for each in keys for tap in self._plan.demands[each].taps)
        self._outputs.update(self._run(keys, self._plan.graph(key, self._phase), tuple(taps)))
        return self._outputs[key]

    def _run(self, keys: list[PassKey], graph: frozenset[str], taps: Sequence[str]) -> dict[PassKey, PassOutput]:
        """Call a network once, for the first of these passes and for all whose images have the same shape."""
        network = self._model.networks[keys[0].network]
        images = [self._value(each.image, graph) for each in keys]
        keys, images = _of_one_shape(keys, images)
        leaf = None
        if self._plan.is_leaf(keys[0], self._phase):
            leaf = images[0] = images[0].detach().requires_grad_(True)
            graph = graph & {keys[0].network}
        with (
            torch.set_grad_enabled(bool(graph) or leaf is not None),
            _frozen([] if keys[0].network in graph else [network]),
        ):
            with self._model.precision():
                called = _call(network, images[0] if len(images) == 1 else torch.cat(images), tuple(taps))
            if "out" in called:
                called["out"] = at_least_float32(called["out"])
        parts = {tap: x.split([len(image) for image in images]) for tap, x in called.items()}
        return {
            each: PassOutput({tap: part[index] for tap, part in parts.items()}, graph, leaf)
            for index, each in enumerate(keys)
        }


class _InPrecision(nn.Module):
    """A network that computes in a given precision wherever it is called."""

    def __init__(self, network: nn.Module, precision: Callable[[], AbstractContextManager[object]]) -> None:
        super().__init__()
        self.network, self.precision = network, precision

    def forward(self, *arguments: Any, **options: Any) -> Any:
        with self.precision():
            return self.network(*arguments, **options)


def _call(network: nn.Module, image: Tensor, taps: tuple[str, ...]) -> dict[str, Tensor]:
    if hasattr(network, "trace"):
        traced: dict[str, Tensor] = cast(Any, network).trace(image, taps)
        return traced
    logits = network(image)
    if isinstance(logits, list | tuple):  # of a discriminator of several scales
        return {f"scale{index}": x for index, x in enumerate(logits)}
    return {"out": logits}


def _of_one_shape(keys: list[PassKey], images: list[Tensor]) -> tuple[list[PassKey], list[Tensor]]:
    """Return the passes, the first one always, whose images have the shape of the first."""
    same = [index for index, image in enumerate(images) if image.shape[1:] == images[0].shape[1:]]
    return [keys[index] for index in same], [images[index] for index in same]


@contextmanager
def _frozen(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Keep the parameters of networks out of any graph that is made inside."""
    frozen = [parameter for network in networks for parameter in network.parameters() if parameter.requires_grad]
    for parameter in frozen:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(True)
