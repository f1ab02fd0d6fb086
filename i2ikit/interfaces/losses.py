"""The four contracts of losses: what a term calls a loss with."""

from functools import partial
from inspect import Parameter, isfunction, signature
from typing import Any, Protocol, TypeVar

from torch import Tensor

from i2ikit.ops.contrast import Negatives


class AdversarialLoss(Protocol):
    """Three scalars of the raw logits of a discriminator, such as ``LSGANLoss``."""

    def real(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on real images."""

    def fake(self, logits: Tensor) -> Tensor:
        """Return the discriminator's loss on generated images."""

    def generator(self, logits: Tensor) -> Tensor:
        """Return the generator's loss on its own images."""


class PenaltyLoss(Protocol):
    """A scalar of the gradient (B, C, H, W) of the sum of a discriminator's logits, such as ``R1Penalty``."""

    def __call__(self, gradient: Tensor) -> Tensor:
        """Return the penalty."""


class ComparisonLoss(Protocol):
    """A scalar of two tensors of one shape, two images or two sets of embeddings, such as ``L1Loss``."""

    def __call__(self, first: Tensor, second: Tensor, /) -> Tensor:
        """Return the loss."""


class ContrastLoss(Protocol):
    """A scalar of embeddings (B, S, D) and the negatives of each query, such as ``PatchNCELoss``."""

    def __call__(self, query: Tensor, key: Tensor, negatives: Negatives) -> Tensor:
        """Return the loss of one layer."""


Loss = TypeVar("Loss")
DESCRIPTIONS = {
    "adversarial": "an adversarial loss, such as LSGANLoss",
    "penalty": "a penalty on a gradient, such as R1Penalty",
    "comparison": "a comparison of two tensors, such as L1Loss",
    "contrast": "a contrast with negatives, such as PatchNCELoss",
}
CONTRACTS = {1: "penalty", 2: "comparison", 3: "contrast"}  # by the number of tensors that a loss is called with


def contract(loss: Any) -> str:
    """Return which contract a loss has: ``adversarial``, ``penalty``, ``comparison`` or ``contrast``.

    One with ``real``, ``fake`` and ``generator`` is adversarial. Otherwise the arguments of its ``forward`` (or
    ``__call__``) decide: a loss that takes ``negatives`` is a contrast, and the rest go by the number of required
    arguments. An empty string means none of the four.

    Args:
        loss: a class, an object of it, or a function.
    """
    if all(hasattr(loss, side) for side in ("real", "fake", "generator")):
        return "adversarial"
    if not isfunction(loss):
        cls = loss if isinstance(loss, type) else type(loss)
        loss = partial(getattr(cls, "forward", cls.__call__), None)  # None for self
    arguments = signature(loss).parameters
    if "negatives" in arguments:
        return "contrast"
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return CONTRACTS.get(sum(a.kind in kinds and a.default is Parameter.empty for a in arguments.values()), "")


def require(loss: Loss, wanted: str) -> Loss:
    """Return ``loss`` if it has the contract ``wanted``; a contrast can also compare two tensors.

    Raises:
        ValueError: it has another contract.
    """
    found = contract(loss)
    if found == wanted or (found, wanted) == ("contrast", "comparison"):
        return loss
    raise ValueError(
        f"loss must be {DESCRIPTIONS[wanted]}, not {getattr(loss, '__name__', type(loss).__name__)}"
        f"{f', which has the contract {found!r}' if found else ''}; see `i2ikit list losses`"
    )
