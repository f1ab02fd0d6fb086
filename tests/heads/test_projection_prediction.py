import pytest
import torch
import torch.nn.functional as F

from i2ikit.heads.projection_prediction import ProjectionPredictionHead


def test_the_published_parameter_count() -> None:
    with torch.device("meta"):
        head = ProjectionPredictionHead((64, 128, 256))
    assert sum(parameter.numel() for parameter in head.parameters()) == 510_976


def test_the_key_is_the_projection_with_statistics_over_all_rows() -> None:
    torch.manual_seed(0)
    head = ProjectionPredictionHead([6], dim=4, init="kaiming").double()
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    first, _, _, second, _ = head.projectors[0]

    def norm(rows: torch.Tensor) -> torch.Tensor:
        return (rows - rows.mean(0)) / (rows.var(0, unbiased=False) + 1e-5).sqrt()

    rows = norm(norm(x.reshape(10, 6) @ first.weight.T).relu() @ second.weight.T)
    torch.testing.assert_close(head(x, 0, "key"), F.normalize(rows, dim=-1).view(2, 5, 4), rtol=1e-6, atol=1e-6)


def test_the_query_is_the_prediction_from_the_projection() -> None:
    torch.manual_seed(0)
    head = ProjectionPredictionHead([6], dim=4, norm="none", init="kaiming").double()
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    rows = head.predictors[0](head.projectors[0](x))
    torch.testing.assert_close(head(x, 0, "query"), rows / (rows.norm(dim=-1, keepdim=True) + 1e-7))


def test_a_key_leaves_the_predictor_without_gradient() -> None:
    head = ProjectionPredictionHead([6], dim=4)
    head(torch.randn(1, 5, 6), 0, "key").sum().backward()
    assert all(parameter.grad is None for parameter in head.predictors.parameters())
    assert all(parameter.grad is not None for parameter in head.projectors.parameters())


def test_each_call_updates_the_running_statistics_of_what_it_went_through() -> None:
    head, x = ProjectionPredictionHead([6], dim=4), torch.randn(1, 5, 6)
    head(x, 0, "query")
    head(x, 0, "key")
    assert head.projectors[0][1].num_batches_tracked == 2
    assert head.predictors[0][1].num_batches_tracked == 1


def test_layer_norm_takes_each_place_by_itself() -> None:
    torch.manual_seed(0)
    head = ProjectionPredictionHead([6], dim=4, norm="layer", init="kaiming").double()
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    torch.testing.assert_close(head(x[:, 2:3], 0, "query"), head(x, 0, "query")[:, 2:3])
    assert not list(head.projectors[0][4].parameters())


def test_the_hidden_width_is_half_of_the_embedding_unless_given() -> None:
    assert ProjectionPredictionHead([6], dim=10).predictors[0][0].out_features == 5
    assert ProjectionPredictionHead([6], dim=10, hidden=3).predictors[0][0].out_features == 3


def test_the_norms_keep_their_own_start() -> None:
    head = ProjectionPredictionHead([6], dim=4, init="normal")
    assert (head.projectors[0][1].weight == 1).all()


def test_an_unknown_norm_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"norm must be one of batch, layer, none, not 'bach'.*'batch'"):
        ProjectionPredictionHead([6], norm="bach")
