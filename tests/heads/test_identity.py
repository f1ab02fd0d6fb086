import torch

from i2ikit.heads.identity import IdentityHead


def test_features_come_back_at_unit_length() -> None:
    out = IdentityHead([2])(torch.tensor([[[3.0, 4.0], [0.0, 2.0]]]), 0, "query")
    torch.testing.assert_close(out, torch.tensor([[[0.6, 0.8], [0.0, 1.0]]]))


def test_there_are_no_weights() -> None:
    assert not list(IdentityHead([2, 3]).parameters())
