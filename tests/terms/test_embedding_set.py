from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.errors import ShapeError
from i2ikit.heads.embedding_set import EmbeddingSetHead
from i2ikit.heads.identity import IdentityHead
from i2ikit.interfaces import Read
from i2ikit.losses.pixel import L1Loss
from i2ikit.samplers.random import RandomSampler
from i2ikit.terms.embedding_set import EmbeddingSetTerm

TAPS = ["stem", "down1"]


class FakeStep:
    """Features by image, heads by name, permutations that record their label."""

    def __init__(self, features: dict[str, Tensor]) -> None:
        torch.manual_seed(1)
        self.features, self.labels = features, []  # type: ignore[var-annotated]
        self.heads = {"f": IdentityHead([4, 4])} | {
            name: EmbeddingSetHead([4, 4], init="normal", init_gain=1.0) for name in ("real", "fake")
        }

    def taps(self, generator: str, image: str, names: Sequence[str], *, grad: bool = True) -> dict[str, Tensor]:
        assert generator == "ab"
        return dict.fromkeys(names, self.features[image])

    def head(self, name: str) -> Any:
        return self.heads[name]

    def permutation(self, label: str, size: int, count: int) -> Tensor:
        self.labels.append(label)
        return torch.arange(count)


def term(**changes: Any) -> EmbeddingSetTerm:
    arguments = {
        "first": ("ab", "a"), "second": ("ab", "ba(b)"), "taps": TAPS, "head": "f", "set_heads": ("real", "fake"),
        "loss": L1Loss(), "sampler": RandomSampler(num=9),
    }  # fmt: skip
    return EmbeddingSetTerm(**{**arguments, **changes})


def features() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {name: torch.randn(2, 4, 4, 4, requires_grad=True) for name in ("a", "ba(b)")}


def test_reads_the_features_of_both_images_with_gradient() -> None:
    assert term().reads() == [Read.taps_of("ab", "a", TAPS), Read.taps_of("ab", "ba(b)", TAPS)]


def test_names_its_heads_with_the_taps_that_they_are_fed() -> None:
    assert {use.head for use in term().heads()} == {"f", "real", "fake"}
    assert all((use.generator, use.taps) == ("ab", tuple(TAPS)) for use in term().heads())


def test_is_the_distance_of_the_two_vectors() -> None:
    images = features()
    step: Any = FakeStep(images)
    vectors = []
    for image, set_head in (("a", "real"), ("ba(b)", "fake")):
        rows = step.heads["f"](images[image].flatten(2)[..., :9].transpose(1, 2), 0, "query")
        vectors.append(step.heads[set_head](torch.stack([rows, rows], dim=1)))
    assert term()(step).item() == pytest.approx((vectors[0] - vectors[1]).abs().mean().item(), abs=1e-7)


def test_is_zero_for_one_image_seen_by_one_head() -> None:
    images = features()
    images["ba(b)"] = images["a"]
    assert term(set_heads=("real", "real"))(FakeStep(images)).item() == 0.0  # type: ignore[arg-type]


def test_gradient_reaches_both_images() -> None:
    images = features()
    term()(FakeStep(images)).backward()  # type: ignore[arg-type]
    for image in images.values():
        assert image.grad is not None
        assert image.grad.abs().sum() > 0


def test_each_layer_of_each_image_samples_its_own_positions() -> None:
    step: Any = FakeStep(features())
    term()(step)
    assert len(set(step.labels)) == 4


def test_layers_with_different_numbers_of_patches_are_refused() -> None:
    step: Any = FakeStep(features())
    step.taps = lambda generator, image, names: {"stem": torch.ones(1, 4, 4, 4), "down1": torch.ones(1, 4, 2, 2)}
    with pytest.raises(ShapeError, match=r"stem \(1, 9, 4\), down1 \(1, 4, 4\); lower the sampler"):
        term()(step)


@pytest.mark.parametrize("name", ["first", "second", "set_heads"])
def test_a_pair_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} needs two names, not 'ab'"):
        term(**{name: "ab"})


def test_no_layers_are_refused() -> None:
    with pytest.raises(ValueError, match="taps must list at least one layer"):
        term(taps=[])
