import pytest
import torch

from i2ikit.views.base import View


class Nothing(View):
    pass


def test_a_view_must_say_how_it_draws_and_what_it_does():
    with pytest.raises(NotImplementedError, match="Nothing has no draw"):
        Nothing().draw(torch.Generator())
    with pytest.raises(NotImplementedError, match="Nothing has no forward"):
        Nothing()(torch.zeros(1, 3, 4, 4), draw=True, expression="a")


def test_a_view_without_geometry_leaves_features_alone():
    feature = torch.zeros(1, 3, 4, 4)
    assert Nothing().invert(feature, True) is feature
