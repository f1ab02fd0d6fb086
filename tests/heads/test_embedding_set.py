import pytest
import torch
import torch.nn.functional as F

from i2ikit.errors import ShapeError
from i2ikit.heads.embedding_set import EmbeddingSetHead


def test_a_set_becomes_one_vector_of_unit_length() -> None:
    torch.manual_seed(0)
    vectors = EmbeddingSetHead([8, 8], dim=5, init="normal", init_gain=1.0)(torch.randn(3, 2, 7, 9))
    assert vectors.shape == (3, 5)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3), atol=1e-5, rtol=0)


def test_the_published_head_has_as_many_parameters() -> None:
    head = EmbeddingSetHead([128, 256, 256, 256])
    assert sum(p.numel() for p in head.parameters()) == (4 * 9 * 64 + 64) + 2 * (64 * 64 + 64)


def test_equals_the_layers_written_out() -> None:
    torch.manual_seed(0)
    head = EmbeddingSetHead([4, 4], dim=3, init="normal", init_gain=1.0)
    x = torch.randn(2, 2, 5, 6)
    windows = [[x[:, :, r : r + 3, c : c + 3] for c in (0, 2)] for r in (0, 2)]
    convolved = torch.stack(
        [torch.einsum("bkij,okij->bo", w, head.conv.weight) + head.conv.bias for row in windows for w in row]
    )
    y = head.out(F.relu(head.hidden(F.relu(convolved).mean(0))))
    torch.testing.assert_close(head(x), y / y.norm(dim=1, keepdim=True), atol=1e-5, rtol=0)


def test_images_of_a_batch_do_not_touch() -> None:
    torch.manual_seed(0)
    head, x = EmbeddingSetHead([4], init="normal", init_gain=1.0), torch.randn(2, 1, 5, 5)
    torch.testing.assert_close(head(x)[:1], head(x[:1]))


@pytest.mark.parametrize("shape", [(1, 3, 5, 5), (1, 2, 2, 5), (2, 5, 5)])
def test_other_sets_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"needs \(B, 2, S, D\) with S and D at least 3"):
        EmbeddingSetHead([4, 4])(torch.zeros(shape))
