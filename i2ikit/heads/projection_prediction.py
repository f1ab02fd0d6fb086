"""The projection and prediction head of EnCo."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from i2ikit.checks import one_of, positive_int
from i2ikit.errors import ShapeError
from i2ikit.nn.initialize import initialize
from i2ikit.ops.numerics import normalize
from i2ikit.registry import HEADS

NORMS = ("batch", "layer", "none")


@HEADS.register_module()
class ProjectionPredictionHead(nn.Module):
    """A projector for queries and keys, and a predictor for queries only; one pair for each tap.

    Projector: Linear - norm - ReLU - Linear - norm without weights. Predictor: Linear - norm - ReLU - Linear.

    Batch norm takes its statistics over the B * S rows of one call. In training it also updates its running statistics
    per call; the published runs see the query of a layer before its key.

    Args:
        widths: channels of each tap, as ``generator.widths(taps)`` gives them.
        dim: width D of the projector and of the embedding, at least 1. Published: 256.
        hidden: width of the predictor's hidden layer; ``None`` is half of ``dim``. Published: 128.
        norm: ``batch``, ``layer`` or ``none``.
        init, init_gain: see :func:`i2ikit.nn.initialize.initialize`; it does not change the norms.
    Shape:
        x (B, S, C), C = widths[layer] -> (B, S, D), unit length along D.

    Raises:
        ValueError: an argument is out of its range.
        IndexError: there is no such layer.
        ShapeError: a batch of one feature in training, with norm "batch".
    Source:
        Cai et al. 2024 (EnCo), arXiv:2211.10867, section "Architecture of projection and prediction", and the published
        code for widths and biases.
    Example:
        >>> head = ProjectionPredictionHead([64, 128], dim=16)
        >>> head(torch.randn(2, 256, 128), layer=1, role="query").shape
        torch.Size([2, 256, 16])
    """

    def __init__(
        self,
        widths: Sequence[int],
        dim: int = 256,
        *,
        hidden: int | None = None,
        norm: str = "batch",
        init: str = "xavier",
        init_gain: float = 0.02,
    ) -> None:
        super().__init__()
        positive_int("dim", dim)
        self.norm = one_of("norm", norm, NORMS)
        hidden = positive_int("hidden", max(dim // 2, 1) if hidden is None else hidden)
        self.projectors = nn.ModuleList(_projector(positive_int("widths", width), dim, norm) for width in widths)
        self.predictors = nn.ModuleList(_predictor(dim, hidden, norm) for _ in widths)
        initialize(self, init, init_gain)

    def forward(self, x: Tensor, layer: int, role: Literal["query", "key"]) -> Tensor:
        """Embed the features ``x`` of tap number ``layer`` as ``role``."""
        if self.training and x.shape[0] * x.shape[1] < 2 and self.norm == "batch":
            raise ShapeError(
                "ProjectionPredictionHead with norm='batch' needs at least 2 features in a batch, got 1: raise `num` "
                "of the sampler or data.batch_size, or set norm='layer' in the head"
            )
        rows = self.projectors[layer](x.flatten(0, 1))  # (B * S, D)
        if role == "query":
            rows = self.predictors[layer](rows)
        return normalize(rows).unflatten(0, x.shape[:2])


def _projector(width: int, dim: int, norm: str) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width, dim, bias=False),
        _norm(norm, dim),
        nn.ReLU(),
        nn.Linear(dim, dim, bias=False),
        _norm(norm, dim, affine=False),
    )


def _predictor(dim: int, hidden: int, norm: str) -> nn.Sequential:
    return nn.Sequential(nn.Linear(dim, hidden, bias=False), _norm(norm, hidden), nn.ReLU(), nn.Linear(hidden, dim))


def _norm(kind: str, dim: int, affine: bool = True) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm1d(dim, affine=affine)
    return nn.LayerNorm(dim, elementwise_affine=affine) if kind == "layer" else nn.Identity()
