"""Passes: the network calls that one step needs, and what each must return."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from i2ikit.interfaces import Read
from i2ikit.translation.expressions import Expression


@dataclass(frozen=True)
class PassKey:
    """A pass: an image, and what else a network takes, through the network.

    Attributes:
        network: its full name.
        inputs: the image, then the extra inputs in their order; images or numbers.
    """

    network: str
    inputs: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"{self.network}({', '.join(map(str, self.inputs))})"


@dataclass
class Demand:
    """What the readers of a pass need from it, phase by phase.

    Attributes:
        taps: the names of all taps that are read, in the order of the reads.
        grad: for each phase that reads the pass, whether a reader lets gradient flow.
        leaf: phases in which a reader differentiates with respect to the image.
    """

    taps: dict[str, None] = field(default_factory=dict)
    grad: dict[int, bool] = field(default_factory=dict)
    leaf: set[int] = field(default_factory=set)

    def add(self, phase: int, taps: Sequence[str], grad: bool, leaf: bool) -> None:
        """Add one reader."""
        self.taps.update(dict.fromkeys(taps))
        self.grad[phase] = self.grad.get(phase, False) or grad
        if leaf:
            self.leaf.add(phase)


@dataclass
class PassOutput:
    """The output of a pass.

    Attributes:
        taps: the tapped tensors.
        graph: full names of the networks whose parameters the graph of the tensors reaches; empty: no graph.
        leaf: the image, if a reader needs it as a differentiable leaf.
    """

    taps: dict[str, Tensor]
    graph: frozenset[str]
    leaf: Tensor | None = None

    def detached(self) -> "PassOutput":
        """Return the same tensors without the graph."""
        return PassOutput({tap: x.detach() for tap, x in self.taps.items()}, frozenset())


class PassPlan:
    """All passes of a step: the united reads of all active terms of all phases.

    Args:
        reads: for each phase, in order, what its active terms read.
        updates: for each phase the full names of the networks that it updates.
        generators: names of the generators, to tell them from views inside expressions.
        opaque: names of the views that let no gradient through.
        resolved: returns the inputs of a network (full name) for a text, or the one image of a text without a network,
            without the views that this step skips.
        lean: full names of the networks whose passes are made again in each phase that needs a graph of them.
    """

    def __init__(
        self,
        reads: Sequence[Sequence[Read]],
        updates: Sequence[frozenset[str]],
        generators: Container[str],
        opaque: Container[str],
        resolved: Callable[[str, str], tuple[Expression, ...]],
        lean: Container[str] = (),
    ) -> None:
        self.updates, self.generators, self.opaque, self.lean = updates, generators, opaque, lean
        self.demands: dict[PassKey, Demand] = {}
        for phase, phase_reads in enumerate(reads):
            for read in phase_reads:
                self._add(phase, read, resolved(read.network, read.image))

    def _add(self, phase: int, read: Read, inputs: tuple[Expression, ...]) -> None:
        for image in inputs:
            self._add_image(phase, image, read.grad and not read.leaf)
        if read.network:
            key = PassKey(read.network, inputs)
            self.demands.setdefault(key, Demand()).add(phase, read.taps, read.grad, read.leaf)

    def _add_image(self, phase: int, image: Expression, grad: bool) -> None:
        """Add the passes that an image needs; those inside of an opaque view need no gradient."""
        grad = grad and image.name not in self.opaque
        if image.arguments and image.name in self.generators:
            key = PassKey(f"generators.{image.name}", image.arguments)
            self.demands.setdefault(key, Demand()).add(phase, (image.tap,), grad, False)
        for argument in image.arguments:
            self._add_image(phase, argument, grad)

    def upstream(self, image: Expression) -> frozenset[str]:
        """Return the full names of the generators that gradient reaches through an image."""
        if image.name in self.opaque or not image.arguments:
            return frozenset()
        own = {f"generators.{image.name}"} if image.name in self.generators else set()
        return frozenset(own).union(*map(self.upstream, image.arguments))

    def involved(self, key: PassKey) -> frozenset[str]:
        """Return the full names of the networks that gradient reaches through a pass, its own included."""
        return frozenset({key.network}).union(*map(self.upstream, key.inputs))

    def _depth(self, image: Expression) -> int:
        """Return how many generators are nested in an image."""
        inside = max((self._depth(argument) for argument in image.arguments), default=0)
        return inside + bool(image.arguments and image.name in self.generators)

    def _independent(self, key: PassKey, other: PassKey) -> bool:
        """Return whether two passes of one network can be joined: those of a generator at one depth, else all."""
        generator = key.network.partition(".")[0] == "generators"
        return not generator or max(map(self._depth, key.inputs)) == max(map(self._depth, other.inputs))

    def reached(self, key: PassKey, phase: int, grad: bool = True) -> frozenset[str]:
        """Return the networks that a reader of this phase reaches with gradient through a pass."""
        return self.involved(key) & self.updates[phase] if grad else frozenset()

    def is_updated_before(self, key: PassKey, phase: int) -> bool:
        """Return whether a phase before ``phase`` updates a network of a pass."""
        involved = self.involved(key)
        return any(involved & updated for updated in self.updates[:phase])

    def serves(self, key: PassKey, phase: int) -> int:
        """Return the phase whose backward pass needs the graph of a pass that is made in ``phase``.

        It is the first phase, from ``phase`` on, that updates a network through this pass, provided that no network of
        the pass is updated before it, which would invalidate the graph.
        """
        involved = self.involved(key)
        for later in range(phase, len(self.updates)):
            if self.reached(key, later, self.demands[key].grad.get(later, False)):
                return later
            if key.network in self.lean or involved & self.updates[later]:
                break
        return phase

    def keeps(self, key: PassKey, phase: int) -> bool:
        """Return whether the output of a pass is kept after ``phase``: if a later reader can use it without a graph."""
        if key.network not in self.lean:
            return True
        grad = self.demands[key].grad
        return any(later > phase and not self.reached(key, later, grad[later]) for later in grad)

    def graph(self, key: PassKey, phase: int) -> frozenset[str]:
        """Return the networks that the graph of a pass must reach when it is made in ``phase``."""
        served = self.serves(key, phase)
        return self.reached(key, served, self.demands[key].grad.get(served, False))

    def is_leaf(self, key: PassKey, phase: int) -> bool:
        """Return whether the image of a pass that is made in ``phase`` must be a differentiable leaf."""
        return self.serves(key, phase) in self.demands[key].leaf

    def joinable(self, key: PassKey, phase: int, done: Mapping[PassKey, PassOutput]) -> list[PassKey]:
        """Return the passes, ``key`` first, that one call in ``phase`` can compute with equal results.

        They run the same stages of the same network with the same graph, none needs the output of another or a leaf,
        and the network is not updated before they are first read.
        """
        demand = self.demands[key]
        if demand.leaf:
            return [key]
        joined = [key]
        for other, wanted in self.demands.items():
            if other == key or other in done or other.network != key.network or wanted.leaf:
                continue
            first = next((later for later in sorted(wanted.grad) if later >= phase), None)
            if first is None or any(key.network in self.updates[later] for later in range(phase, first)):
                continue
            if key.network in self.lean and first != phase:
                continue
            if not _same_stages(wanted, demand) or not self._independent(key, other):
                continue
            if self.graph(other, phase) == self.graph(key, phase):
                joined.append(other)
        return joined


def _same_stages(one: Demand, other: Demand) -> bool:
    """Return whether two passes run the same stages: both to the end, or both for the same taps."""
    return ("out" in one.taps and "out" in other.taps) or one.taps.keys() == other.taps.keys()
