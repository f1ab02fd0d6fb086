"""One training step: everything that its terms read, with each pass made once."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor, nn

from i2ikit.errors import DataError, noted
from i2ikit.interfaces import full_name
from i2ikit.interfaces.progress import Progress
from i2ikit.ops.numerics import at_least_float32
from i2ikit.terms.base import Term
from i2ikit.translation.calls import InPrecision, call, filled, frozen, is_output, outputs
from i2ikit.translation.expressions import Expression, parse_inputs
from i2ikit.translation.language import Language
from i2ikit.translation.passes import PassKey, PassOutput, PassPlan
from i2ikit.translation.phase import Phase
from i2ikit.translation.random_streams import RandomStreams
from i2ikit.translation.view_samples import ViewSamples

MOST_JOINED = 40_000  # pixels: EnCo's step is 8 % shorter with joined passes at 128 x 128, 3 to 5 % longer at 256 x 256


class StepModel(Protocol):
    """What a step needs of the model.

    Attributes:
        generators, heads: modules by name.
        language: of its image expressions.
        phases: in the order of the updates of a step.
        shareable: whether several passes of a network can be joined in one call, by the network's full name.
        precision: makes the context that networks compute in.
        plain: whether every read makes a pass of its own.
    """

    generators: nn.ModuleDict
    heads: nn.ModuleDict
    language: Language
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
        active: for each phase its active terms by name, with their weights.
        images: the samples of the views.
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
        self._phase, self.term, self._stream = 0, "", ""
        self.active: list[Mapping[str, tuple[Term, float | Tensor]]] = [
            phase.active(progress) for phase in model.phases.values()
        ]
        full = model.language.full
        reads = [
            [replace(read, network=full(read.network)) for term, _ in terms.values() for read in term.reads()]
            for terms in self.active
        ]
        self.images = ViewSamples(model.language, streams, progress)
        self._plan = PassPlan(
            reads,
            [frozenset(phase.update) for phase in model.phases.values()],
            generators=set(model.generators),
            opaque=model.language.opaque(),
            resolved=self.images.inputs,
            lean={name for name, shareable in model.shareable.items() if lean and shareable},
        )
        self.images.closed = True
        self._outputs: dict[PassKey, PassOutput] = {}
        self._viewed: dict[tuple[Expression, bool], Tensor] = {}

    def run_phase(self, index: int) -> tuple[Tensor | None, dict[str, Tensor]]:
        """Return the weighted sum of a phase's active terms (None if there are none) and each term's plain value."""
        self._phase = index
        total: Tensor | None = None
        values = {}
        heads = self._model.heads.items()
        streams = list(self._model.phases.values())[index].terms
        with frozen(head for name, head in heads if f"heads.{name}" not in self._plan.updates[index]):
            for name, (term, weight) in self.active[index].items():
                self.term, self._stream = name, streams[name].stream or name
                with noted(f"in term {name!r}"):
                    value = term(self)
                values[name] = value.detach()
                total = weight * value if total is None else total + weight * value
        return total, values

    def forget(self, index: int) -> None:
        """Drop what the update of a phase invalidates: logits of updated networks, and graphs through them."""
        names = self._plan.updates[index]
        for key, output in list(self._outputs.items()):
            stale = key.network in names and not key.network.startswith("generators.")
            if stale or not self._plan.keeps(key, index):
                del self._outputs[key]
            elif output.graph & names:
                self._outputs[key] = output.detached()
        self._viewed = {key: x for key, x in self._viewed.items() if not key[1]}

    # what terms read ------------------------------------------------------------------------------------------------

    def image(self, expression: str, *, grad: bool = True) -> Tensor:
        """Return the image (B, C, H, W) of an expression such as ``"ba(ab(a))"``."""
        (image,) = self._inputs("", expression)
        reached = self._plan.upstream(image) & self._plan.updates[self._phase] if grad else frozenset()
        return self._value(image, reached)

    def taps(self, network: str, image: str, names: Sequence[str], *, grad: bool = True) -> dict[str, Tensor]:
        """Return the named features (B, C, H, W) of the pass of ``image`` through a generator or an extractor."""
        key = self._key(full_name(network), image)
        taps = self._read(key, self._plan.reached(key, self._phase, grad), names).taps
        missing = [name for name in names if name not in taps]
        if missing:
            raise self._not_announced(f"taps {', '.join(missing)} of {network}({image})")
        return {name: taps[name] for name in names}

    def logits(self, discriminator: str, image: str, *, grad: bool = True) -> list[Tensor]:
        """Return the logits of ``discriminator`` for ``image``: float32 maps (B, 1, h, w), one per scale."""
        key = self._key(f"discriminators.{discriminator}", image)
        output = self._read(key, self._plan.reached(key, self._phase, grad))
        found = outputs(output.taps)
        if key.network in self._plan.updates[self._phase]:
            self.images.observe(key.network, key.inputs[0], found)
        return found

    def leaf(self, discriminator: str, image: str) -> tuple[Tensor, list[Tensor]]:
        """Return the image as a differentiable leaf, and the discriminator's logits for it."""
        key = self._key(f"discriminators.{discriminator}", image)
        output = self._output(key, self._plan.reached(key, self._phase))
        if output.leaf is None:
            raise self._not_announced(f"{image} as a leaf of discriminator {discriminator}")
        return output.leaf, outputs(output.taps)

    def head(self, name: str) -> nn.Module:
        """Return a head by name, set to compute in the model's precision."""
        head = self._model.networks[self._model.language.full(f"heads.{name}")]
        return head if self._model.precision is nullcontext else InPrecision(head, self._model.precision)

    def align(self, feature: Tensor, image: str, reference: str) -> Tensor:
        """Undo on ``feature``, read from ``image``, the views that ``reference`` does not have."""
        kept = {part.name for part in self._image_of(reference).spine()}
        for part in self._image_of(image).spine():
            if part.name in self._model.language.views and part.name not in kept:
                feature = self.images.view(part.name).invert(feature, self.images.sample(part.name))
        return feature

    def permutation(self, label: str, size: int, count: int) -> Tensor:
        """Return ``count`` of ``size`` positions in random order, without replacement, int64, from its stream."""
        return self._streams.permutation(f"{self._stream}/{label}", size, count)

    def noise(self, label: str, images: int, *size: int) -> Tensor:
        """Return float32 samples from N(0, 1) of size (images, *size), on the CPU, one stream per image."""
        return self._streams.noise(f"{self._stream}/{label}", images, *size)

    # how passes are made ---------------------------------------------------------------------------------------------

    def _inputs(self, network: str, text: str) -> tuple[Expression, ...]:
        try:
            return self.images.inputs(network, text)
        except LookupError as error:
            raise self._not_announced(text) from error

    def _key(self, network: str, text: str) -> PassKey:
        return PassKey(self._model.language.full(network), self._inputs(network, text))

    def _image_of(self, text: str) -> Expression:
        """Return the image among inputs such as ``"ab(a), t"``."""
        return self._inputs("", str(parse_inputs(text).arguments[0]))[0]

    def _not_announced(self, what: str) -> RuntimeError:
        return RuntimeError(f"term {self.term!r} reads {what}, but reads() of no term in this phase lists it")

    def _value(self, image: Expression, reached: frozenset[str]) -> Tensor:
        """Return an image, with its graph if gradient must reach any of these networks through it."""
        if image.name in self._batch:
            return self._batch[image.name]
        if image.name in self._model.language.real:
            raise DataError(f"the data set announces the image {image.name!r}, but its items have none of that name")
        reached = reached & self._plan.upstream(image)
        if image.name in self._model.generators:
            key = PassKey(f"generators.{image.name}", image.arguments)
            return at_least_float32(self._read(key, reached, (image.tap,)).taps[image.tap])
        memory = (image, bool(reached))
        if memory not in self._viewed:
            viewed = [self._value(argument, reached) for argument in image.arguments if argument.number is None]
            self._viewed[memory] = self.images.apply(image, viewed, next(iter(self._batch.values())))
        return self._viewed[memory]

    def _values(self, key: PassKey, reached: frozenset[str]) -> list[Tensor]:
        """Return the inputs of a pass: its image, then the extra inputs that its network declares."""
        given = [self._value(each, reached) for each in key.inputs if each.number is None]
        return filled(self._model.networks[key.network], key.inputs, given)

    def _read(self, key: PassKey, reached: frozenset[str], taps: Sequence[str] = ("out",)) -> PassOutput:
        """Return the output of a pass, detached unless gradient must reach a network through it."""
        output = self._output(key, reached, taps)
        return output if reached else output.detached()

    def _output(self, key: PassKey, reached: frozenset[str], taps: Sequence[str] = ("out",)) -> PassOutput:
        """Return the output of a pass; make it if there is none whose graph reaches these networks."""
        if key not in self._plan.demands:
            raise self._not_announced(str(key))
        output = self._outputs.get(key)
        if self._model.plain and (reached or output is None or not self._plan.is_updated_before(key, self._phase)):
            demand = self._plan.demands[key]
            read_later = any(phase > self._phase for phase in demand.grad)
            output = self._run([key], reached, tuple(demand.taps) if read_later else taps)[key]
            self._outputs[key] = output.detached()  # for a later phase, which reads what was before the updates
        elif output is None or not reached <= output.graph:
            output = self._make(key)
        lost = sorted(reached - output.graph)
        if lost:
            raise RuntimeError(
                f"term {self.term!r} gets no gradient to {', '.join(lost)} through {key}: "
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
        """Call a network once, for the first of these passes and for all whose inputs have the same shapes."""
        network = self._model.networks[keys[0].network]
        keys, inputs = _joined(keys, [self._values(each, graph) for each in keys])
        leaf = None
        if self._plan.is_leaf(keys[0], self._phase):
            inputs = [[x.detach() for x in inputs[0]]]
            leaf = inputs[0][0].requires_grad_(True)
            graph = graph & {keys[0].network}
        joined = inputs[0] if len(inputs) == 1 else [torch.cat(each) for each in zip(*inputs, strict=True)]
        with (
            torch.set_grad_enabled(bool(graph) or leaf is not None),
            frozen([] if keys[0].network in graph else [network]),
        ):
            with self._model.precision():
                called = call(network, joined, tuple(taps))
            called.update({tap: at_least_float32(x) for tap, x in called.items() if is_output(tap)})
        parts = {tap: x.split([len(each[0]) for each in inputs]) for tap, x in called.items()}
        return {
            each: PassOutput({tap: part[index] for tap, part in parts.items()}, graph, leaf)
            for index, each in enumerate(keys)
        }


def _joined(keys: list[PassKey], inputs: list[list[Tensor]]) -> tuple[list[PassKey], list[list[Tensor]]]:
    """Return the passes that share a call: the first one, and those whose inputs have its shapes.

    On a CPU a pass of larger images than ``MOST_JOINED`` pixels is a call of its own: there joining takes longer.
    """
    image = inputs[0][0]
    if image.device.type == "cpu" and image.shape[-2:].numel() > MOST_JOINED:
        return keys[:1], inputs[:1]
    shapes = [[x.shape[1:] for x in each] for each in inputs]
    same = [index for index, found in enumerate(shapes) if found == shapes[0]]
    return [keys[index] for index in same], [inputs[index] for index in same]
