"""The loss of the example, and that its config trains with it."""

import pytest
import torch
from i2ikit_example.edge import EdgeLoss

from i2ikit.build import Builder
from i2ikit.config import find_config, resolve_config
from i2ikit.errors import ShapeError
from i2ikit.translation import Progress, RandomStreams, build_model


def test_one_bright_pixel_of_four_gives_one_edge_in_each_direction():
    bright = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    assert EdgeLoss()(bright, torch.zeros(1, 1, 2, 2)).item() == 0.5 + 0.5  # one of two differences each way


def test_a_loop_over_neighbors_agrees():
    torch.manual_seed(0)
    prediction, target = torch.rand(2, 2, 3, 4, 5).double()
    wrong = prediction - target
    across = [
        abs(wrong[b, c, y, x + 1] - wrong[b, c, y, x])
        for b in (0, 1)
        for c in range(3)
        for y in range(4)
        for x in range(4)
    ]
    down = [
        abs(wrong[b, c, y + 1, x] - wrong[b, c, y, x])
        for b in (0, 1)
        for c in range(3)
        for y in range(3)
        for x in range(5)
    ]
    expected = sum(across) / len(across) + sum(down) / len(down)
    torch.testing.assert_close(EdgeLoss()(prediction, target), expected)


def test_another_color_is_no_edge_and_gets_no_gradient():
    image = torch.zeros(1, 3, 4, 4, requires_grad=True)
    loss = EdgeLoss()(image, torch.full((1, 3, 4, 4), 0.5))
    loss.backward()
    assert loss.item() == 0
    assert image.grad.abs().max() == 0


def test_images_of_two_sizes_are_refused():
    with pytest.raises(ShapeError, match="EdgeLoss needs tensors of one shape"):
        EdgeLoss()(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 5))


def test_its_config_trains():
    config = resolve_config(find_config("example/stripes"))
    model = build_model(config["model"], Builder())
    batch = {domain: torch.rand(1, 3, 64, 64) * 2 - 1 for domain in "ab"}
    losses = model.train_step(
        [batch], lambda _phase, loss: loss.backward(), Progress(1, 1, 1, 1), [RandomStreams(0, 1)]
    )
    assert losses["edges"] > 0
