"""One training step: everything that its terms read, each pass made once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from i2ikit.interfaces.progress import Progress
from i2ikit.ops.numerics import at_least_float32
from i2ikit.translation.expressions import Expression, parse
from i2ikit.translation.passes import Answer, PassKey, PassPlan
from i2ikit.translation.phase import Phase
from i2ikit.translation.random_streams import RandomStreams
from i2ikit.views.base import View


class Traced(Protocol):
    """A network with taps."""

    def trace(self, x: Tensor, taps: Sequence[str]) -> dict[str, Tensor]:
        """Return the named taps of the pass of ``x``."""


class StepModel(Protocol):
    """What a step needs of the model.

    Attributes:
        generators, heads, views: modules by name.
        phases: in the order of the updates of a step.
        shareable: whether several passes of a network can be joined in one call, by the network's full name.
        precision: makes the context that networks compute in.
    """

    generators: nn.ModuleDict
    heads: nn.ModuleDict
    views: nn.ModuleDict
    phases: dict[str, Phase]
    shareable: dict[str, bool]
    precision: Callable[[], AbstractContextManager[object]]

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All networks by full name."""


class Step:
    """The images, features and answers of one step; made anew for every iteration and thrown away.

    A pass is made when it is first read, together with the passes that can share its call, and remembered. Images and
    features are remembered for the whole step; a discriminator's answers until that discriminator is updated. What a
    phase reads is detached where the phase updates no network behind it.

    Args:
        model: networks, views and phases.
        batch: the real images by name, each (B, C, H, W) in -1..1.
        progress: where the run stands.
        draws: the random streams of this step.
        lean: keep no graph, and no answer that can be made again, for a later phase.
    """

    def __init__(
        self,
        model: StepModel,
        batch: Mapping[str, Tensor],
        progress: Progress,
        draws: RandomStreams,
        *,
        lean: bool = False,
    ) -> None:
        self.progress, self.first = progress, draws.first
        self._model, self._batch, self._draws = model, batch, draws
        self._views = {name: cast(View, view) for name, view in model.views.items()}
        self._phase, self._term, self._stream = 0, "", ""
        self.active = [phase.active(progress) for phase in model.phases.values()]
        reads = [[read for term, _ in terms.values() for read in term.reads()] for terms in self.active]
        self._view_draws = self._draw_views(read.image for phase in reads for read in phase)
        self._resolved: dict[str, Expression] = {}
        self._plan = PassPlan(
            reads,
            [frozenset(phase.update) for phase in model.phases.values()],
            generators=set(model.generators),
            opaque={name for name, view in self._views.items() if not view.differentiable},
            resolved={read.image: self._resolve(read.image) for phase in reads for read in phase},
            lean={name for name, shareable in model.shareable.items() if lean and shareable},
        )
        self._answers: dict[PassKey, Answer] = {}
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
                self._term, self._stream = name, streams[name].stream or name
                value = term(self)
                values[name] = value.detach()
                total = weight * value if total is None else total + weight * value
        return total, values

    def forget(self, index: int) -> None:
        """Drop what the update of a phase has made stale: answers of what judged, graphs through what was updated."""
        names = self._plan.updates[index]
        for key, answer in list(self._answers.items()):
            judged = key.network in names and key.network not in self._generator_names()
            if judged or not self._plan.keeps(key, index):
                del self._answers[key]
            elif answer.graph & names:
                self._answers[key] = answer.detached()
        self._viewed = {key: x for key, x in self._viewed.items() if not key[1]}

    # what terms read ------------------------------------------------------------------------------------------------

    def image(self, expression: str, *, grad: bool = True) -> Tensor:
        """Return the image (B, C, H, W) of an expression such as ``"ba(ab(a))"``."""
        image = self._resolve(expression)
        reached = self._plan.upstream(image) & self._plan.updates[self._phase] if grad else frozenset()
        return self._value(image, reached)

    def taps(self, generator: str, image: str, names: Sequence[str], *, grad: bool = True) -> dict[str, Tensor]:
        """Return the named features (B, C, H, W) of the pass of ``image`` through ``generator``."""
        key = PassKey(f"generators.{generator}", self._resolve(image))
        taps = self._read(key, self._plan.reached(key, self._phase, grad)).taps
        missing = [name for name in names if name not in taps]
        if missing:
            raise self._unsaid(f"taps {', '.join(missing)} of {generator}({image})")
        return {name: taps[name] for name in names}

    def logits(self, discriminator: str, image: str, *, grad: bool = True) -> list[Tensor]:
        """Return what ``discriminator`` answers to ``image``: float32 maps (B, 1, h, w), one per scale."""
        key = PassKey(f"discriminators.{discriminator}", self._resolve(image))
        answer = self._read(key, self._plan.reached(key, self._phase, grad))
        return [at_least_float32(x) for x in answer.taps.values()]

    def leaf(self, discriminator: str, image: str) -> tuple[Tensor, list[Tensor]]:
        """Return the image as a differentiable leaf, and the discriminator's answers to it."""
        key = PassKey(f"discriminators.{discriminator}", self._resolve(image))
        answer = self._answer(key, self._plan.reached(key, self._phase))
        if answer.leaf is None:
            raise self._unsaid(f"{image} as a leaf of discriminator {discriminator}")
        return answer.leaf, [at_least_float32(x) for x in answer.taps.values()]

    def head(self, name: str) -> nn.Module:
        """Return a head by name, which computes in the model's precision."""
        head = self._model.heads[name]
        return head if self._model.precision is nullcontext else _InPrecision(head, self._model.precision)

    def align(self, feature: Tensor, image: str, reference: str) -> Tensor:
        """Undo on ``feature``, read from ``image``, the drawn views that ``reference`` does not have."""
        kept = self._resolve(reference).functions()
        for part in self._resolve(image).walk():
            if part.arguments and part.name in self._views and part.name not in kept:
                feature = self._views[part.name].invert(feature, self._view_draws[part.name])
        return feature

    def permutation(self, label: str, size: int, count: int) -> Tensor:
        """Return ``count`` of ``size`` places in random order, without replacement, int64, from the term's stream."""
        return self._draws.permutation(f"{self._stream}/{label}", size, count)

    def noise(self, label: str, images: int, *size: int) -> Tensor:
        """Return float32 draws from N(0, 1) of size (images, *size), on the CPU, from the term's streams by image."""
        return self._draws.noise(f"{self._stream}/{label}", images, *size)

    # how it is made -------------------------------------------------------------------------------------------------

    def _draw_views(self, images: Iterable[str]) -> dict[str, Any]:
        used = {name for image in images for name in parse(image).functions() if name in self._views}
        return {
            name: view.sample(self._draws.generator(f"view/{name}"))
            for name, view in self._views.items()
            if name in used
        }

    def _resolve(self, text: str) -> Expression:
        if text not in self._resolved:
            image = parse(text)
            if not image.functions() & set(self._views) <= self._view_draws.keys():
                raise self._unsaid(text)
            self._resolved[text] = image.without(lambda name: self._view_draws.get(name, True) is None)
        return self._resolved[text]

    def _unsaid(self, what: str) -> RuntimeError:
        return RuntimeError(f"term {self._term!r} asks for {what}, which reads() of no term in this phase announces")

    def _generator_names(self) -> set[str]:
        return {f"generators.{name}" for name in self._model.generators}

    def _value(self, image: Expression, reached: frozenset[str]) -> Tensor:
        """Return an image, with its graph if gradient is to reach any of these networks through it."""
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
            draw = self._view_draws[image.name]
            self._viewed[memory] = view(*viewed, sample=draw, expression=arguments, first=self.first)
        return self._viewed[memory]

    def _read(self, key: PassKey, reached: frozenset[str]) -> Answer:
        """Return the answer of a pass, detached unless gradient is to reach some network through it."""
        answer = self._answer(key, reached)
        return answer if reached else answer.detached()

    def _answer(self, key: PassKey, reached: frozenset[str]) -> Answer:
        """Return the answer of a pass; it is made if there is none whose graph reaches these networks."""
        answer = self._answers.get(key)
        if answer is None or not reached <= answer.graph:
            answer = self._make(key)
        lost = sorted(reached - answer.graph)
        if lost:
            raise RuntimeError(
                f"term {self._term!r} gets no gradient to {', '.join(lost)} through {key.network}({key.image}): "
                "reads() of no term in this phase asks for it, or a gradient penalty in it differentiates that image"
            )
        return answer

    def _make(self, key: PassKey) -> Answer:
        """Call the network of a pass, for it and for all passes that can share the call."""
        if key not in self._plan.demands:
            raise self._unsaid(f"{key.network}({key.image})")
        network = self._model.networks[key.network]
        graph = self._plan.graph(key, self._phase)
        keys = self._plan.companions(key, self._phase, self._answers) if self._model.shareable[key.network] else [key]
        images = [self._value(each.image, graph) for each in keys]
        keys, images = _of_one_shape(keys, images)
        leaf = None
        if self._plan.is_leaf(key, self._phase):
            leaf = images[0] = images[0].detach().requires_grad_(True)
            graph = graph & {key.network}
        taps = tuple(dict.fromkeys(tap for each in keys for tap in self._plan.demands[each].taps))
        with (
            torch.set_grad_enabled(bool(graph) or leaf is not None),
            _frozen([] if key.network in graph else [network]),
        ):
            with self._model.precision():
                called = _call(network, images[0] if len(images) == 1 else torch.cat(images), taps)
            if "out" in called:
                called["out"] = at_least_float32(called["out"])
        parts = {tap: x.split([len(image) for image in images]) for tap, x in called.items()}
        for index, each in enumerate(keys):
            self._answers[each] = Answer({tap: part[index] for tap, part in parts.items()}, graph, leaf)
        return self._answers[key]


class _InPrecision(nn.Module):
    """A network that computes in some precision wherever it is called."""

    def __init__(self, network: nn.Module, precision: Callable[[], AbstractContextManager[object]]) -> None:
        super().__init__()
        self.network, self.precision = network, precision

    def forward(self, *arguments: Any, **options: Any) -> Any:
        with self.precision():
            return self.network(*arguments, **options)


def _call(network: nn.Module, image: Tensor, taps: tuple[str, ...]) -> dict[str, Tensor]:
    if hasattr(network, "trace"):
        return cast("Traced", network).trace(image, taps)
    answers = network(image)
    if isinstance(answers, list | tuple):  # of a discriminator of several scales
        return {f"scale{index}": answer for index, answer in enumerate(answers)}
    return {"out": answers}


def _of_one_shape(keys: list[PassKey], images: list[Tensor]) -> tuple[list[PassKey], list[Tensor]]:
    """Return the passes, the first one always, whose images have the shape of the first."""
    same = [index for index, image in enumerate(images) if image.shape[1:] == images[0].shape[1:]]
    return [keys[index] for index in same], [images[index] for index in same]


@contextmanager
def _frozen(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Keep the parameters of networks out of the graph that is made inside."""
    frozen = [parameter for network in networks for parameter in network.parameters() if parameter.requires_grad]
    for parameter in frozen:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(True)
