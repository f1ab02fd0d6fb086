import torch

from i2ikit.inference.tiling.blending import blended
from i2ikit.inference.tiling.grid import spans


def test_tiles_of_an_image_become_that_image_from_top_to_bottom():
    torch.manual_seed(0)
    image = torch.rand(2, 50, 33)
    rows, columns = spans(50, 16, 4, 4), spans(33, 20, 4, 4)
    tiles = (image[:, row.start : row.stop, column.start : column.stop] for row in rows for column in columns)
    bands = [*blended(rows, columns, tiles, 33)]
    assert len(bands) == len(rows)
    assert torch.allclose(torch.cat(bands, 1), image)


def test_neighbors_that_differ_meet_in_a_ramp():
    rows, columns = spans(40, 24, 4, 4), spans(8, 8, 0, 4)
    band = torch.cat([*blended(rows, columns, iter([torch.zeros(1, 24, 8), torch.ones(1, 24, 8)]), 8)], 1)
    assert band[0, 16:24, 0].tolist() == [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1]
