import pytest
import torch

from i2ikit.inference.tiling.grid import Span, spans


def test_an_axis_that_one_tile_covers_is_one_tile_with_its_padding():
    assert spans(30, 32, 8, 4) == [Span(0, 32, (0, 32))]


@pytest.mark.parametrize(("length", "tile", "halo", "multiple"), [(100, 32, 8, 4), (33, 32, 8, 8), (1000, 96, 20, 1)])
def test_tiles_cover_an_axis_on_the_grid_of_the_network_with_weights_that_add_up_to_1(length, tile, halo, multiple):
    found = spans(length, tile, halo, multiple)
    padded = -(-length // multiple) * multiple
    total = torch.zeros(padded)
    for span in found:
        assert span.start % multiple == span.stop % multiple == 0
        assert span.stop - span.start == tile
        total[span.start : span.stop] += span.weights()
    assert torch.allclose(total, torch.ones(padded))
    assert [span.core[0] for span in found] == [0, *(span.core[1] for span in found[:-1])]
    assert found[-1].core[1] == padded


def test_what_lacks_its_surroundings_counts_nothing():
    first, second = spans(40, 24, 4, 4)[:2]
    assert (first.start, first.stop, second.start, second.stop) == (0, 24, 16, 40)
    assert first.core == (0, 20)
    assert first.weights()[:18].tolist() == [1] * 18  # ramps are half as wide as the overlap of 8 pixels
    assert first.weights()[18:].tolist() == [0.875, 0.625, 0.375, 0.125, 0, 0]
    assert second.weights()[:6].tolist() == [0, 0, 0.125, 0.375, 0.625, 0.875]
