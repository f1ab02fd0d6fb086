"""Reading rows from maps, and what PyTorch's instance norm does with the gradients that come of it."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from i2ikit.errors import ShapeError
from i2ikit.interfaces import Positions, Routing, SamplingPlan

Read = Callable[[Tensor], Tensor]


@pytest.fixture
def feature() -> Tensor:
    return torch.arange(2 * 3 * 4 * 5, dtype=torch.float64).reshape(2, 3, 4, 5)


@pytest.mark.parametrize("ids", [[19, 0, 7, 7], [[19, 0], [3, 12]]], ids=["shared", "per image"])
def test_positions_are_read_row_by_row(feature, ids):
    rows = Positions(torch.tensor(ids)).read(feature)
    for image, positions in enumerate(torch.tensor(ids).expand(2, -1).tolist()):
        assert rows.shape == (2, len(positions), 3)
        for row, position in enumerate(positions):
            assert torch.equal(rows[image, row], feature[image, :, position // 5, position % 5])


def test_routing_is_a_weighted_sum_of_positions(feature):
    matrix = torch.rand(2, 6, 20, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows = Routing(matrix).read(feature)
    assert rows.shape == (2, 6, 3)
    for image in range(2):
        for row in range(6):
            expected = torch.zeros(3, dtype=torch.float64)
            for position in range(20):
                expected += matrix[image, row, position] * feature[image, :, position // 5, position % 5]
            torch.testing.assert_close(rows[image, row], expected)


def test_routing_by_one_hot_rows_is_positions(feature):
    ids = torch.tensor([[19, 0, 7], [3, 3, 12]])
    matrix = nn.functional.one_hot(ids, 20).double()
    assert torch.equal(Routing(matrix).read(feature), Positions(ids).read(feature))


def test_gradient_counts_how_often_a_position_was_read(feature):
    feature = feature.requires_grad_(True)
    Positions(torch.tensor([4, 4, 9])).read(feature).sum().backward()
    counts = feature.grad.flatten(2)[0, 0]
    assert counts.nonzero().flatten().tolist() == [4, 9]
    assert counts[[4, 9]].tolist() == [2, 1]


def test_gradient_goes_into_the_routing_matrix(feature):
    matrix = torch.zeros(2, 1, 20, dtype=torch.float64, requires_grad=True)
    Routing(matrix).read(feature).sum().backward()
    torch.testing.assert_close(matrix.grad, feature.flatten(2).sum(1, keepdim=True))


def test_positions_of_another_number_of_images_are_refused(feature):
    with pytest.raises(ShapeError, match="positions of 3 images cannot be read from a batch of 2"):
        Positions(torch.zeros(3, 4, dtype=torch.int64)).read(feature)


def test_a_position_outside_the_map_is_refused(feature):
    with pytest.raises(IndexError, match="out of bounds"):
        Positions(torch.tensor([20])).read(feature)


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("kind", ["shared", "per image", "routing"])
def test_the_gradient_through_an_instance_norm_is_right_even_for_one_image(images, kind):
    # PyTorch 2.13 and 2.14 on the CPU: at batch 1 its backward misreads gradients with channels-last strides, which is
    # what indexing a permuted map gives.
    torch.manual_seed(0)
    ids = torch.randperm(36)[:7]
    plan: SamplingPlan = {
        "shared": Positions(ids),
        "per image": Positions(torch.stack([torch.randperm(36)[:7] for _ in range(images)])),
        "routing": Routing(torch.rand(images, 7, 36, dtype=torch.float64)),
    }[kind]
    weights = torch.randn(images, 7, 4, dtype=torch.float64)
    norm = nn.InstanceNorm2d(4)

    def loss(x: Tensor) -> Tensor:
        return (plan.read(norm(x)) * weights).sum()

    assert torch.autograd.gradcheck(loss, torch.randn(images, 4, 6, 6, dtype=torch.float64, requires_grad=True))
