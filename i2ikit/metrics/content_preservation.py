"""Correlations of the edges and self-similarities of outputs with those of their inputs: is the content kept?"""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from i2ikit.metrics.base import MeanOverImages, in_unit_range
from i2ikit.metrics.functional.structure import edge_correlation, self_similarity_correlation
from i2ikit.registry import METRICS


@METRICS.register_module()
class ContentPreservation(MeanOverImages):
    """Mean over images of two correlations between output and input; 1 means all is kept, 0 nothing in common.

    They measure how much of the input is left, not whether the translation is good: an unchanged input scores 1.

    Returns:
        from compute: "edges", of the strength of edges, and "structure", of the local self-similarity, which ignores
        inverted or changed colors; both in -1..1. Images without edges are skipped.

    Raises:
        MetricError: the inputs are missing.
        ValueError: compute before any update.
        ShapeError: outputs and inputs differ in size, or are smaller than 11 x 11.
    Source:
        local self-similarity: Shechtman and Irani 2007, "Matching Local Self-Similarities across Images and Videos".

    Example:
        >>> image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
        >>> metric = ContentPreservation()
        >>> metric.update({"a": image, "output": image})
        >>> {name: round(value, 3) for name, value in metric.compute().items()}
        {'edges': 1.0, 'structure': 1.0}
    """

    better: ClassVar[Mapping[str, str]] = {"edges": "higher", "structure": "higher"}
    needs_inputs = True

    def per_image(self, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the correlations of a batch."""
        pair = in_unit_range(sample["output"]), in_unit_range(sample["a"])
        return {"edges": edge_correlation(*pair), "structure": self_similarity_correlation(*pair)}
