import pytest
import torch

from i2ikit.heads.mlp import MLPHead


def test_the_published_parameter_count() -> None:
    with torch.device("meta"):
        head = MLPHead((3, 128, 256, 256, 256))
    assert sum(parameter.numel() for parameter in head.parameters()) == 560_384


def test_an_embedding_is_two_linear_layers_at_unit_length() -> None:
    torch.manual_seed(0)
    head = MLPHead([4, 6], dim=5, init="kaiming").double()
    x = torch.randn(2, 3, 6, dtype=torch.float64)
    first, _, second = head.layers[1]
    raw = (x @ first.weight.T + first.bias).relu() @ second.weight.T + second.bias
    torch.testing.assert_close(head(x, 1, "query"), raw / (raw.norm(dim=-1, keepdim=True) + 1e-7))


def test_query_and_key_go_the_same_way() -> None:
    head, x = MLPHead([4], dim=5), torch.randn(1, 3, 4)
    assert torch.equal(head(x, 0, "query"), head(x, 0, "key"))


def test_only_the_layer_that_was_used_gets_a_gradient() -> None:
    head = MLPHead([4, 4], dim=5)
    head(torch.randn(1, 3, 4), 0, "query").sum().backward()
    assert all(parameter.grad is not None for parameter in head.layers[0].parameters())
    assert all(parameter.grad is None for parameter in head.layers[1].parameters())


def test_a_zero_embedding_gives_a_finite_gradient() -> None:
    head = MLPHead([4], dim=5)
    x = torch.zeros(1, 2, 4, requires_grad=True)  # biases are 0, so the embedding is exactly zero
    out = head(x, 0, "query")
    out.sum().backward()
    assert (out == 0).all()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in head.parameters())


@pytest.mark.parametrize(("widths", "dim", "name"), [([4], 0, "dim"), ([0], 4, "widths")])
def test_widths_below_one_are_named(widths: list[int], dim: int, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be an integer above 0, not 0"):
        MLPHead(widths, dim)
