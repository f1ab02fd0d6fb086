"""Is what the input shows still there? Edges and self-similarities of outputs against those of their inputs."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from i2ikit.metrics.base import in_unit_range, inputs_of
from i2ikit.metrics.functional.structure import edge_correlation, self_similarity_correlation
from i2ikit.registry import METRICS


@METRICS.register_module()
class ContentPreservation:
    """Mean over images of two correlations between output and input; 1 is all kept, 0 is nothing in common.

    They say how much of the input is left, not whether the translation is good: an untouched input has 1.

    Returns:
        from compute: "edges", of the strength of edges, and "structure", of the local self-similarity, which looks
        past inverted or changed colors; both in -1..1.

    Raises:
        ValueError: compute before any update.
        ShapeError: outputs and inputs differ in size, or are smaller than 11 x 11.
    Source:
        local self-similarity: Shechtman and Irani 2007, "Matching Local Self-Similarities across Images and Videos".
    """

    better: Mapping[str, str] = {"edges": "higher", "structure": "higher"}

    needs_inputs = True

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._values: dict[str, list[float]] = {"edges": [], "structure": []}

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch: "a", "output" (B, C, H, W) in -1..1; images without any edges are passed over."""
        image: Tensor = in_unit_range(sample["output"].detach().float())
        source = in_unit_range(inputs_of(sample, "ContentPreservation"))
        found = {
            "edges": edge_correlation(image, source),
            "structure": self_similarity_correlation(image, source),
        }
        for name, values in found.items():
            self._values[name] += [value for value in values.tolist() if value == value]

    def compute(self) -> dict[str, float]:
        """Return the means over all samples since the last reset."""
        if not any(self._values.values()):
            raise ValueError("ContentPreservation has nothing to compute: call update first")
        return {name: sum(values) / len(values) for name, values in self._values.items() if values}
