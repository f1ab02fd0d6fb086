from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.interfaces.progress import Progress
from i2ikit.views.base import View


class Undecided(View):
    pass


class Darker(View):
    """Has no geometry."""

    def sample(self, generator: torch.Generator, progress: Progress) -> bool:
        return True

    def forward(self, image: Tensor, *others: Tensor, sample: Any, expression: str, first: int = 0) -> Tensor:
        return image - 0.5


def test_a_view_without_sample_and_forward_is_refused():
    with pytest.raises(TypeError, match=r"Undecided.*forward.*sample"):
        Undecided()


def test_a_view_without_geometry_returns_features_unchanged():
    feature = torch.zeros(1, 3, 4, 4)
    assert Darker().invert(feature, True) is feature
