import math

import pytest
import torch
import torch.nn.functional as F
from i2ikit_lsesim.contrast import similarity_contrast


def rows(seed):
    return torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_rows_that_look_alike_are_found_by_chance():
    alike = torch.ones(1, 4, 6)
    assert similarity_contrast(alike, alike, alike, 0.07).item() == pytest.approx(math.log(12))


def test_it_is_the_cross_entropy_of_a_loop():
    source, target, other = rows(0), rows(1), rows(2)
    values = []
    for image in range(2):
        s, t, o = (F.normalize(each[image], dim=1) for each in (source, target, other))
        for i in range(3):
            logits = [
                *(s[i] @ t[j] for j in range(3)),
                *(s[i] @ o[j] for j in range(3)),
                *(t[i] @ o[j] for j in range(3)),
            ]
            values.append(-(torch.stack(logits) / 0.2).log_softmax(0)[i])
    torch.testing.assert_close(similarity_contrast(source, target, other, 0.2), torch.stack(values).mean())
