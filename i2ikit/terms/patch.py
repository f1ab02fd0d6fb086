"""Content preservation, patch by patch."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from i2ikit.errors import ShapeError
from i2ikit.interfaces import HeadUse, Negatives, Read, SamplingPlan, StepReader
from i2ikit.interfaces.losses import ComparisonLoss, ContrastLoss, contract, require
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term


class Sampler(Protocol):
    """Chooses positions. One that embeds features lists its heads in ``heads()``, as a term does."""

    def reads(self) -> list[Read]:
        """Return what the sampler reads besides the features."""

    def plan(self, step: StepReader, keys: Sequence[Tensor], queries: Sequence[Tensor]) -> list[SamplingPlan]:
        """Return one plan per layer."""


class NegativeSource(Protocol):
    """Provides the negatives of a query.

    One that reads more than the rows, or uses networks of its own, lists them in ``reads()`` and ``heads()``, as a term
    does. Its networks are heads, so that a phase can update them.
    """

    def __call__(self, step: StepReader, query: Tensor, key: Tensor, layer: int) -> Negatives:
        """Return the negatives of rows (B, S, D) of one layer."""


@TERMS.register_module()
class PatchTerm(Term):
    """A patch of one feature map should match the patch at the same position in another.

    Args:
        query: (generator, image) whose features are trained, such as ``("ab", "ab(a)")``.
        key: (generator, image) whose features are the targets, such as ``("ab", "a")``.
        taps: layers, each one name for both sides or a pair (key's, query's).
        head: name of the head that embeds the patches.
        key_head: name of another head for the key; None: the same.
        loss: a loss of (query, key), or of (query, key, negatives) if ``negatives`` is given; rows (B, S, D).
        sampler: chooses the positions.
        negatives: provides the negatives of a query; None for losses without negatives.
        detach: where the key's gradient stops: ``"features"`` (before its head), ``"embedding"`` (after it).

    Raises:
        ValueError: an argument is out of its range, or ``loss`` takes no negatives and is given some.
        ShapeError: key's and query's map of one layer differ in height or width.
    Source:
        Park et al. 2020 (CUT), arXiv:2007.15651, eq. 4 and 5; Cai et al. 2024 (EnCo), arXiv:2211.10867, for pairs of
        an encoder's and a decoder's layer of one pass.
    Example:
        >>> from i2ikit.losses import PatchNCELoss
        >>> from i2ikit.samplers import RandomSampler
        >>> term = PatchTerm(("ab", "ab(a)"), ("ab", "a"), ["stem", "down1"], "f", PatchNCELoss(), RandomSampler(64))
        >>> [(read.image, read.taps) for read in term.reads()]
        [('a', ('stem', 'down1')), ('ab(a)', ('stem', 'down1'))]
    """

    def __init__(
        self,
        query: Sequence[str],
        key: Sequence[str],
        taps: Sequence[str | Sequence[str]],
        head: str,
        loss: ComparisonLoss | ContrastLoss,
        sampler: Sampler,
        *,
        key_head: str | None = None,
        negatives: NegativeSource | None = None,
        detach: Sequence[str] = ("features", "embedding"),
    ) -> None:
        super().__init__()
        self.query, self.key = _pair("query", query), _pair("key", key)
        if isinstance(taps, str) or not isinstance(taps, Sequence) or not taps:
            raise ValueError(f"taps must be a list of at least one layer, not {taps!r}")
        pairs = [(tap, tap) if isinstance(tap, str) else _pair("taps", tap) for tap in taps]
        self.key_taps, self.query_taps = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        self.query_head, self.key_head = head, key_head or head
        self.loss: Callable[..., Tensor] = require(loss, "comparison")
        self.sampler, self.negatives = sampler, negatives
        if negatives is not None and contract(loss) != "contrast":
            raise ValueError(f"{type(loss).__name__} takes no negatives; leave negatives out, or set it to None")
        unknown = set(detach) - {"features", "embedding"}
        if unknown:
            raise ValueError(f"detach takes 'features' and 'embedding', not {', '.join(sorted(map(repr, unknown)))}")
        self.key_grad = "features" not in detach
        self.key_head_grad = "embedding" not in detach

    def reads(self) -> list[Read]:
        """Return the features of both sides, and what the sampler and the source of negatives read."""
        return [
            Read.taps_of(*self.key, self.key_taps, grad=self.key_grad),
            Read.taps_of(*self.query, self.query_taps),
            *self.sampler.reads(),
            *_listed(self.negatives, "reads"),
        ]

    def heads(self) -> list[HeadUse]:
        """Return the heads of both sides, of the sampler and of the source of negatives."""
        return [
            HeadUse(self.query_head, self.query[0], tuple(self.query_taps)),
            HeadUse(self.key_head, self.key[0], tuple(self.key_taps)),
            *_listed(self.sampler, "heads"),
            *_listed(self.negatives, "heads"),
        ]

    def forward(self, step: StepReader) -> Tensor:
        """Return the mean of the loss over layers."""
        key_maps = step.taps(*self.key, self.key_taps, grad=self.key_grad)
        query_maps = step.taps(*self.query, self.query_taps)
        keys = [step.align(key_maps[tap], self.key[1], self.query[1]) for tap in self.key_taps]
        queries = [step.align(query_maps[tap], self.query[1], self.key[1]) for tap in self.query_taps]
        for layer, (key, query) in enumerate(zip(keys, queries, strict=True)):
            if key.shape[-2:] != query.shape[-2:]:
                raise ShapeError(
                    f"a patch needs the same position in both maps, but the key's tap {self.key_taps[layer]!r} has "
                    f"{_size(key)} positions and the query's tap {self.query_taps[layer]!r} {_size(query)}"
                )
        plans = self.sampler.plan(step, keys, queries)
        values = [
            self._layer(step, layer, plan.read(query), plan.read(key))
            for layer, (plan, query, key) in enumerate(zip(plans, queries, keys, strict=True))
        ]
        return torch.stack(values).mean()

    def _layer(self, step: StepReader, layer: int, query: Tensor, key: Tensor) -> Tensor:
        query = step.head(self.query_head)(query, layer, "query")  # (B, S, D), before the key: batch norm has state
        with torch.set_grad_enabled(self.key_head_grad and torch.is_grad_enabled()):
            key = step.head(self.key_head)(key, layer, "key")
        if self.negatives is None:
            return self.loss(query, key)
        return self.loss(query, key, self.negatives(step, query, key, layer))


def _listed(part: object, what: str) -> list[Any]:
    """Return what a part lists in ``reads()`` or ``heads()``; a part without that method needs nothing."""
    return list(getattr(part, what, list)())


def _size(feature: Tensor) -> str:
    return f"{feature.shape[-2]} x {feature.shape[-1]}"


def _pair(name: str, value: Sequence[str]) -> tuple[str, str]:
    if isinstance(value, str) or len(value) != 2:
        raise ValueError(f"{name} needs two names, not {value!r}")
    return value[0], value[1]
