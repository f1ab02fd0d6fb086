from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.views.base import View


class Undecided(View):
    pass


class Darker(View):
    """Has no geometry."""

    def draw(self, generator: torch.Generator) -> bool:
        return True

    def forward(self, image: Tensor, *others: Tensor, draw: Any, expression: str) -> Tensor:
        return image - 0.5


def test_a_view_must_say_how_it_draws_and_what_it_does():
    with pytest.raises(TypeError, match=r"Undecided.*draw.*forward"):
        Undecided()


def test_a_view_without_geometry_leaves_features_alone():
    feature = torch.zeros(1, 3, 4, 4)
    assert Darker().invert(feature, True) is feature
