import pytest
import torch
import torch.nn.functional as F
from i2ikit_lsesim.similarity import similarity_rows, window_positions


def feature(height=5, width=7):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 4, height, width, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(
    ("position", "first"),
    [(0, (0, 0)), (2 * 7 + 3, (1, 2)), (4 * 7 + 6, (2, 4)), (3 * 7 + 1, (2, 0))],  # of 5 x 7, windows of 3
)
def test_a_window_surrounds_its_position_and_is_moved_into_the_map(position, first):
    found = window_positions((5, 7), torch.tensor([position]), 3)[0].view(3, 3)
    expected = [[(first[0] + y) * 7 + first[1] + x for x in range(3)] for y in range(3)]
    assert found.tolist() == expected


@pytest.mark.parametrize("window", [3, 5, 64])
@pytest.mark.parametrize("cosine", [True, False])
def test_rows_are_those_of_a_loop(window, cosine):
    x, positions = feature(), torch.tensor([3, 30, 17])
    found = similarity_rows(x, positions, window, cosine=cosine)
    centered = x - x.mean((2, 3), keepdim=True)
    for image in range(2):
        flat = centered[image].flatten(1)
        for row, position in enumerate(positions.tolist()):
            keys = range(35) if window >= 5 else window_positions((5, 7), positions, window)[row].tolist()
            for column, key in enumerate(keys):
                if cosine:
                    expected = F.cosine_similarity(flat[:, position], flat[:, key], dim=0)
                else:
                    expected = torch.tanh(flat[:, position] @ flat[:, key] / 40)  # 10 times 4 channels
                torch.testing.assert_close(found[image, row, column], expected)


def test_brightness_and_contrast_of_cosines_make_no_difference():
    x, positions = feature(), torch.tensor([1, 2])
    torch.testing.assert_close(
        similarity_rows(3 * x + 1, positions, 3, cosine=True), similarity_rows(x, positions, 3, cosine=True)
    )
