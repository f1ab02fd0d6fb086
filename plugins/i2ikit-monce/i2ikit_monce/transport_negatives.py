"""MoNCE: negatives weighted by an optimal transport between queries and keys."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from i2ikit.checks import positive, positive_int, same_shape
from i2ikit.interfaces import Negatives, StepReader
from i2ikit.registry import NEGATIVES
from i2ikit_monce.transport import transport_plan

FLOOR = 1e-8  # added to a weight before its logarithm
OWN_POSITION = (
    -10.0
)  # what it brings, as published, to contrast a query with its own key: next to nothing is transported
SMALLEST_EPSILON = 0.025  # benefits of a row differ by up to 2


class TransportNegatives(ABC):
    """The other positions of the same image, each weighted by a transport of all queries to all keys.

    The weights f of a query sum to (S - 1) * weight, so that 1 on average is PatchNCE itself; they are in its softmax
    as f * exp(similarity / tau). Gradient flows through the transport into the query, as published, not into the key.

    Args:
        epsilon: regularization of the transport, at least 0.025; large: equal weights. Published: 1.0, 0.1 for
            horse2zebra.
        rounds: of Sinkhorn's scaling, >= 1.
        weight: of all negatives together, > 0.
    Shape:
        query, key: (B, S, D), unit length along D.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: query and key differ in shape.
    Source:
        Zhan et al. 2022 (MoNCE), arXiv:2203.09333, section 3.
    """

    def __init__(self, epsilon: float = 1.0, *, rounds: int = 50, weight: float = 1.0) -> None:
        if positive("epsilon", epsilon) < SMALLEST_EPSILON:
            raise ValueError(f"epsilon must be at least {SMALLEST_EPSILON}, not {epsilon!r}: float32 holds no less")
        self.epsilon = epsilon
        self.rounds, self.weight = positive_int("rounds", rounds), positive("weight", weight)

    @abstractmethod
    def benefit(self, similarity: Tensor) -> Tensor:
        """Return what it brings to contrast a query with a key of this similarity."""

    def __call__(self, step: StepReader, query: Tensor, key: Tensor, layer: int) -> Negatives:
        """Return the weights of the other positions for rows of one layer."""
        same_shape(type(self).__name__, query=query, key=key)
        others = query.shape[1] - 1
        if others == 0:
            return Negatives()
        own = torch.eye(others + 1, dtype=torch.bool, device=query.device)
        benefit = self.benefit(query @ key.detach().mT).masked_fill(own, OWN_POSITION)
        plan = transport_plan(benefit, self.epsilon, self.rounds)
        return Negatives(log_weight=(plan * others * self.weight + FLOOR).log())


@NEGATIVES.register_module()
class HardTransportNegatives(TransportNegatives):
    """The other positions of the image, the more weight the more similar they are to the query: hard negatives."""

    def benefit(self, similarity: Tensor) -> Tensor:
        """Return the similarity."""
        return similarity


@NEGATIVES.register_module()
class EasyTransportNegatives(TransportNegatives):
    """The other positions of the image, the more weight the less similar they are to the query: easy negatives."""

    def benefit(self, similarity: Tensor) -> Tensor:
        """Return the distance."""
        return 1 - similarity
