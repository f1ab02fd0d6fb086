"""How widely a position attends, by hand and by loops."""

import math

import pytest
import torch
from i2ikit_qsattn.attention import attention, global_entropy, local_entropy


def test_weights_follow_the_plain_products():
    rows = torch.tensor([[[1.0]]])
    positions = torch.tensor([[[0.0, math.log(3.0)]]])
    torch.testing.assert_close(attention(rows, positions), torch.tensor([[[0.25, 0.75]]]))


def test_a_flat_map_looks_everywhere_and_a_loud_one_at_one_place():
    flat, loud = torch.zeros(1, 2, 2, 2), 100 * torch.eye(4).view(1, 4, 2, 2)
    torch.testing.assert_close(global_entropy(flat), torch.full((1, 4), math.log(4)))
    assert global_entropy(loud).tolist() == [[0.0] * 4]  # not NaN where a weight is 0


def test_global_entropy_is_that_of_a_loop_over_places():
    torch.manual_seed(0)
    feature = torch.randn(2, 3, 2, 3)
    for image, entropies in zip(feature, global_entropy(feature), strict=True):
        positions = [image[:, y, x] for y in range(2) for x in range(3)]
        for own, entropy in zip(positions, entropies, strict=True):
            weights = torch.stack([torch.dot(own, other) for other in positions]).softmax(0)
            torch.testing.assert_close(entropy, -(weights * weights.log()).sum())


def test_with_one_channel_the_window_is_that_around_the_place():
    torch.manual_seed(0)
    feature = torch.randn(1, 1, 4, 5)
    padded = torch.nn.functional.pad(feature[0, 0], (1, 1, 1, 1))
    found = local_entropy(feature, window=3).view(4, 5)
    for y in range(4):
        for x in range(5):
            weights = (feature[0, 0, y, x] * padded[y : y + 3, x : x + 3].flatten()).softmax(0)
            torch.testing.assert_close(found[y, x], -(weights * weights.log()).sum())


def test_with_two_channels_keys_are_cut_from_the_channels_one_after_the_other():
    torch.manual_seed(0)
    feature = torch.randn(1, 2, 3, 3)
    values = feature[0].flatten().view(9, 2)  # at the middle the window is the map: 9 of channel 0, then 9 of channel 1
    weights = (values @ feature[0, :, 1, 1]).softmax(0)
    torch.testing.assert_close(local_entropy(feature, window=3)[0, 4], -(weights * weights.log()).sum())


@pytest.mark.parametrize("entropy", [global_entropy, lambda feature: local_entropy(feature, 7)])
def test_images_of_a_batch_do_not_see_each_other(entropy):
    torch.manual_seed(0)
    batch = torch.randn(3, 4, 5, 6)
    torch.testing.assert_close(entropy(batch)[1:2], entropy(batch[1:2]))
