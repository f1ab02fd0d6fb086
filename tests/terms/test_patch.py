"""The content term on one instance norm: values, gradients, and PyTorch's backward at batch 1."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.errors import ShapeError
from i2ikit.heads.identity import IdentityHead
from i2ikit.heads.projection_prediction import ProjectionPredictionHead
from i2ikit.interfaces import HeadUse, Read
from i2ikit.losses.adversarial import LSGANLoss
from i2ikit.losses.cosine import CosineLoss
from i2ikit.losses.patch_nce import PatchNCELoss
from i2ikit.negatives.internal import WholeBatch, WithinImage
from i2ikit.samplers.discriminative_attention import DiscriminativeAttentionSampler
from i2ikit.samplers.grid import GridSampler
from i2ikit.samplers.random import RandomSampler
from i2ikit.terms.patch import PatchTerm
from i2ikit.translation import RandomStreams

QUERY, KEY = ("ab", "ab(a)"), ("ab", "a")


class Features:
    """A step that has features by image, a head, and a discriminator's logits."""

    first = 0

    def __init__(self, head: nn.Module, logits: Tensor | None = None, **features: dict[str, Tensor]) -> None:
        self.features, self.head_module, self.scores, self.streams = features, head, logits, RandomStreams(0, 1)
        self.asked: list[tuple[str, bool]] = []

    def taps(self, generator: str, image: str, names: list[str], *, grad: bool = True) -> dict[str, Tensor]:
        self.asked.append((image, grad))
        found = self.features["output" if image == "ab(a)" else "source"]
        return {name: found[name] if grad else found[name].detach() for name in names}

    def logits(self, discriminator: str, image: str, *, grad: bool = True) -> list[Tensor]:
        assert self.scores is not None
        return [self.scores]

    def head(self, name: str) -> nn.Module:
        return self.head_module

    def align(self, feature: Tensor, image: str, reference: str) -> Tensor:
        return feature

    def permutation(self, label: str, size: int, count: int) -> Tensor:
        return self.streams.permutation(label, size, count)


def term(**changes: object) -> PatchTerm:
    options = {"taps": ["x"], "head": "f", "loss": PatchNCELoss(), "sampler": GridSampler(), **changes}
    return PatchTerm(QUERY, KEY, **options)


def maps(*, images: int = 2, size: int = 4, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(images, 4, size, size, generator=generator, dtype=torch.float64)


@pytest.fixture
def step() -> Features:
    return Features(
        IdentityHead([4]), output={"x": maps(), "y": maps(seed=2)}, source={"x": maps(seed=1), "y": maps(seed=3)}
    )


def rows(feature: Tensor) -> Tensor:
    return F.normalize(feature.flatten(2).transpose(1, 2), dim=-1)


def test_it_is_the_mean_of_the_loss_over_layers(step):
    expected = [PatchNCELoss()(rows(step.features["output"][t]), rows(step.features["source"][t])) for t in "xy"]
    torch.testing.assert_close(term(taps=["x", "y"])(step), torch.stack(expected).mean(), rtol=1e-6, atol=0)


def test_a_pair_of_taps_is_the_keys_and_the_querys(step):
    expected = PatchNCELoss()(rows(step.features["output"]["y"]), rows(step.features["source"]["x"]))
    torch.testing.assert_close(term(taps=[("x", "y")])(step), expected, rtol=1e-6, atol=0)


def test_negatives_decide_what_a_query_is_contrasted_with(step):
    within, batch = (term(negatives=negatives)(step) for negatives in (WithinImage(), WholeBatch()))
    torch.testing.assert_close(within, term()(step))
    assert batch > within


def test_key_and_query_are_read_at_the_same_positions(step):
    same = Features(IdentityHead([4]), output={"x": maps()}, source={"x": maps()})
    assert term(loss=CosineLoss(), sampler=RandomSampler(3))(same).item() == pytest.approx(0.0, abs=1e-6)


def test_it_lists_its_features_its_heads_and_what_its_sampler_reads():
    content = term(
        taps=[("x", "y")],
        key_head="g",
        sampler=DiscriminativeAttentionSampler("b", "ab(a)"),
    )
    assert content.reads() == [
        Read.taps_of("ab", "a", ["x"], grad=False),
        Read.taps_of("ab", "ab(a)", ["y"]),
        Read.logits_of("b", "ab(a)", grad=False),
    ]
    assert content.heads() == [HeadUse("f", "ab", ("y",)), HeadUse("g", "ab", ("x",))]


def test_it_lists_what_a_source_of_negatives_and_a_sampler_with_networks_need():
    class Source:
        def reads(self) -> list[Read]:
            return [Read.taps_of("ab", "b", ["x"])]

        def heads(self) -> list[HeadUse]:
            return [HeadUse("maker", "ab", ("x",))]

    class Embedding(GridSampler):
        def heads(self) -> list[HeadUse]:
            return [HeadUse("judge", "ab", ("x",))]

    content = term(negatives=Source(), sampler=Embedding())
    assert content.reads()[2:] == [Read.taps_of("ab", "b", ["x"])]
    assert [use.head for use in content.heads()] == ["f", "f", "judge", "maker"]


def test_the_predictor_sees_queries_alone():
    roles = []

    class Roles(nn.Module):
        def forward(self, x: Tensor, layer: int, role: str) -> Tensor:
            roles.append((layer, role, torch.is_grad_enabled()))
            return x

    step = Features(Roles(), output={"x": maps(), "y": maps()}, source={"x": maps(), "y": maps()})
    term(taps=["x", "y"])(step)
    assert roles == [(0, "query", True), (0, "key", False), (1, "query", True), (1, "key", False)]


def test_gradient_reaches_the_query_alone_by_default():
    for detach, reaches_key in ((("features", "embedding"), False), ((), True)):
        output, source = maps().requires_grad_(True), maps(seed=1).requires_grad_(True)
        term(detach=detach)(Features(IdentityHead([4]), output={"x": output}, source={"x": source})).backward()
        assert output.grad.abs().sum() > 0
        assert (source.grad is not None) is reaches_key


# PyTorch 2.13 and 2.14 on the CPU: the backward of instance norm is wrong at batch 1 for gradients with channels-last
# strides, which official code hands to it at every residual block that is tapped. See tests/interfaces/test_places.py.


@pytest.mark.parametrize("images", [1, 2])
def test_the_gradient_of_cuts_content_through_an_instance_norm_equals_finite_differences(images):
    norm, key = nn.InstanceNorm2d(4), maps(images=images, seed=1)
    content = term(sampler=RandomSampler(7), negatives=WithinImage(), loss=PatchNCELoss(0.3))

    def loss(x: Tensor) -> Tensor:
        return content(Features(IdentityHead([4]), output={"x": norm(x)}, source={"x": key}))

    assert torch.autograd.gradcheck(loss, maps(images=images).requires_grad_(True))


@pytest.mark.parametrize("images", [1, 2])
def test_the_gradient_of_encos_content_through_instance_norms_equals_finite_differences(images):
    torch.manual_seed(0)
    head = ProjectionPredictionHead([4], dim=6, init="kaiming").double().eval()  # without batch statistics to update
    encoder, decoder = nn.InstanceNorm2d(4), nn.InstanceNorm2d(4)
    logits = torch.randn(images, 1, 3, 3)
    content = term(
        taps=[("x", "y")],
        sampler=DiscriminativeAttentionSampler("b", "ab(a)", num=6),
        loss=CosineLoss(),
        detach=(),  # so that the key's norm is tried as well
    )

    def loss(x: Tensor, y: Tensor) -> Tensor:
        features = {"x": encoder(x), "y": decoder(y)}
        return content(Features(head, logits, output=features, source=features))

    inputs = maps(images=images).requires_grad_(True), maps(images=images, seed=1).requires_grad_(True)
    assert torch.autograd.gradcheck(loss, inputs)


def test_maps_of_two_sizes_are_refused():
    step = Features(IdentityHead([4]), output={"x": maps(size=6)}, source={"x": maps()})
    with pytest.raises(ShapeError, match="the key's tap 'x' has 4 x 4 positions and the query's tap 'x' 6 x 6"):
        term()(step)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"taps": []}, r"taps must be a list of at least one layer, not \[\]"),
        ({"taps": "x"}, "taps must be a list of at least one layer, not 'x'"),
        ({"taps": 7}, "taps must be a list of at least one layer, not 7"),
        ({"loss": LSGANLoss()}, "loss must be a comparison of two tensors, such as L1Loss, not LSGANLoss"),
        ({"taps": [("x", "y", "z")]}, "taps needs two names, not"),
        ({"detach": ["feature"]}, "detach takes 'features' and 'embedding', not 'feature'"),
        ({"loss": CosineLoss(), "negatives": WithinImage()}, "CosineLoss takes no negatives; leave negatives out"),
    ],
)
def test_a_wrong_argument_is_named_with_its_value(changes, message):
    with pytest.raises(ValueError, match=message):
        term(**changes)


def test_query_and_key_are_pairs_of_generator_and_image():
    with pytest.raises(ValueError, match="query needs two names, not 'ab'"):
        PatchTerm("ab", KEY, ["x"], "f", PatchNCELoss(), GridSampler())
