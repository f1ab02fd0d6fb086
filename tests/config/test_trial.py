"""Images that networks cannot take are found by the check of a config."""

from typing import Any

import pytest
from torch import Tensor, nn

from i2ikit.checks import same_shape
from i2ikit.config import find_config, resolve_config
from i2ikit.config.trial import trial_error
from i2ikit.engine.train import train
from i2ikit.errors import ConfigError
from i2ikit.losses import PatchNCELoss
from i2ikit.nn.norms import make_norm
from i2ikit.registry import DISCRIMINATORS

UNEQUAL = "data.channels={a: 3, b: 1}"
GENERATE = "model.phases.generate.terms"
SMALL = ["model.generators.ab.filters=4", "model.discriminators.b.filters=4"]
CONTENT = f"{GENERATE}.content"


def problems(name: str, *overrides: str) -> list[str]:
    """Return the errors of a packaged config with overrides."""
    try:
        resolve_config(find_config(name), overrides)
    except ConfigError as error:
        return list(error.errors)
    return []


@pytest.mark.parametrize(
    ("view", "why"), [("Times", "does not take one image alone"), ("ImagePool", "lets no gradient through")]
)
def test_a_view_that_no_discriminator_can_be_augmented_with_is_named(view, why):
    (error,) = problems("cut/stripes", f"model.discriminators.b.augment={{type: {view}}}")
    assert error.endswith(f"{view} {why}; take a view such as DiffAugment or ADA")


@pytest.mark.parametrize("name", ["cyclegan", "dclgan", "simdcl"])
def test_identity_terms_need_equal_channels_and_their_overrides_remove_them(name):
    (error,) = problems(f"{name}/horse2zebra", UNEQUAL)
    assert error == (
        f"--set {UNEQUAL}: gives domain a 3 and domain b 1, but identity_a (a has 3, generators.ba takes 1) and "
        "identity_b (b has 1, generators.ab takes 3) need equal channels. Leave that out: "
        f"--set {GENERATE}.identity_a=None --set {GENERATE}.identity_b=None."
    )
    advised = [f"{GENERATE}.identity_a=None", f"{GENERATE}.identity_b=None"]
    assert problems(f"{name}/horse2zebra", UNEQUAL, *advised) == []


def test_a_method_within_one_pass_loses_its_identity_term_only():
    (error,) = problems("enco/horse2zebra", UNEQUAL)
    assert error.endswith(f"needs equal channels. Leave that out: --set {GENERATE}.identity=None.")
    assert problems("enco/horse2zebra", UNEQUAL, f"{GENERATE}.identity=None") == []


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("cut", "content (ab(a) has 1, generators.ab takes 3) and identity (b has 1, generators.ab takes 3) need"),
        ("fastcut", "content (ab(mirror(a)) has 1, generators.ab takes 3) needs"),
        ("cut_memory_bank", "content (ab(a) has 1, generators.ab takes 3) and identity (b has 1, "),
    ],
)
def test_a_method_that_encodes_its_output_cannot_work_and_others_are_named(name, terms):
    (error,) = problems(f"{name}/horse2zebra", UNEQUAL)
    assert terms in error
    assert "so this method cannot be used; cyclegan, dclgan and enco can, without their identity terms." in error


def test_a_data_set_without_channels_is_the_only_error():
    (error,) = problems("cut/stripes", UNEQUAL)
    assert error == f"--set {UNEQUAL}: the data set Stripes takes no channels; remove data.channels"


CROP = "{type: Compose, transforms: [{type: Resize, size: 90}, {type: RandomCrop, crop_size: 70}]}"
TILES = "model.discriminators.b={type: TileDiscriminator, filters: 4}"


IN_TRANSFORM = "data.train.transform.transforms.1.crop_size"


@pytest.mark.parametrize(
    ("overrides", "error"),
    [
        (
            ["data.crop_size=18"],
            "generators.ab, discriminators.b need multiples of 4 of at least 24, not 18: data.crop_size=24",
        ),
        (["data.crop_size=20"], "discriminators.b needs at least 24 pixels, not 20: data.crop_size=24"),
        (
            ["data.crop_size=40", TILES],
            "discriminators.b needs multiples of 16 of at least 16, not 40: data.crop_size=32 or data.crop_size=48",
        ),
        (
            [f"data.train.transform={CROP}"],
            f"{IN_TRANSFORM}: generators.ab needs multiples of 4 of at least 8, not 70: {IN_TRANSFORM}=68 or "
            f"{IN_TRANSFORM}=72",
        ),
        (
            ["data.train.transform={type: Resize, size: 62, height: 64}"],
            "data.train.transform.size: generators.ab needs multiples of 4 of at least 8, not 62: "
            "data.train.transform.size=60 or data.train.transform.size=64",
        ),
        (
            ["model.discriminators.b={type: StyleGAN2Discriminator, filters: 1}"],
            "terms.d: StyleGAN2Discriminator was built for images of 64 x 64 pixels, its `size`, got 256 x 256",
        ),
    ],
)
def test_a_size_that_a_network_cannot_take_is_named_wherever_it_is_set(overrides, error):
    small = SMALL[:1] if "model." in overrides[-1] else SMALL
    (found,) = problems("cut/horse2zebra", *small, *overrides)
    assert found.endswith(error)


def one_position(head: str) -> list[str]:
    return [f"{CONTENT}.sampler.num=1", "model.heads.f.dim=4", *([f"model.heads.f.norm={head}"] if head else [])]


def test_a_batch_norm_of_a_single_feature_is_named_before_the_start():
    (error,) = problems("enco/horse2zebra", *one_position(""))
    assert f"{CONTENT}: ProjectionPredictionHead with norm='batch' needs at least 2 features in a batch, got 1" in error
    assert problems("enco/horse2zebra", *one_position("layer")) == []
    assert problems("enco/horse2zebra", *one_position(""), "data.batch_size=2") == []


class Pooled(nn.Module):
    """A discriminator that normalizes the mean of each channel."""

    def __init__(self, norm: str) -> None:
        super().__init__()
        self.norm = make_norm(norm, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.mean((2, 3), keepdim=True)).mean(1, keepdim=True)


@pytest.mark.parametrize(("norm", "batch", "fits"), [("batch", 1, False), ("batch", 2, True), ("instance", 2, False)])
def test_a_norm_that_sees_a_single_value_of_each_channel_is_named(tiny_parts, cut, norm, batch, fits):
    DISCRIMINATORS.register_module(force=True)(Pooled)
    try:
        cut["model"]["discriminators"]["b"] = {"type": "Pooled", "norm": norm}
        problem = trial_error(cut, dict.fromkeys("ab", (batch, 3, 16, 16)))
    finally:
        DISCRIMINATORS.module_dict.pop("Pooled")
    if fits:
        assert problem is None
        return
    assert problem is not None
    assert problem.path == "model.phases.discriminate.terms.d"
    assert problem.message == (
        "a norm of discriminators.b sees a single value of each channel, which it cannot normalize: raise "
        f"data.batch_size ({batch} now), the size of the images (16 now) or the sampler's `num`, or choose another "
        "`norm` in model.discriminators.b"
    )


def test_a_model_that_passed_is_tried_again_where_a_class_is_another(tiny_parts, cut, monkeypatch):
    shapes = dict.fromkeys("ab", (1, 3, 16, 16))
    cut["model"]["discriminators"]["b"] = {"type": "Pooled", "norm": "none"}
    DISCRIMINATORS.register_module(force=True)(Pooled)
    try:
        assert trial_error(cut, shapes) is None
        with monkeypatch.context() as patched:
            patched.setattr(Pooled, "forward", lambda self, x: pytest.fail("tried again"))
            assert trial_error(cut, shapes) is None
        other = type("Pooled", (Pooled,), {"forward": lambda self, x: same_shape("Pooled", image=x, mean=x.mean())})
        DISCRIMINATORS.register_module(force=True)(other)
        problem = trial_error(cut, shapes)
    finally:
        DISCRIMINATORS.module_dict.pop("Pooled")
    assert problem is not None
    assert problem.path == "model.phases.discriminate.terms.d"


def test_images_whose_size_depends_on_the_files_are_tried_when_the_run_starts(tiny_parts, cut, tmp_path):
    cut["model"]["discriminators"]["b"] = {**cut["model"]["discriminators"]["b"], "layers": 3}
    with pytest.raises(ConfigError, match=r"terms\.d: PatchGANDiscriminator needs height and width of at least 24"):
        train(cut, work_dir=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_part_that_needs_the_values_of_tensors_is_not_tried(tiny_parts: Any, cut: dict[str, Any], monkeypatch):
    def forward(self: PatchNCELoss, query: Tensor, key: Tensor, negatives: Tensor) -> Tensor:
        return query.sum() * query.max().item()

    monkeypatch.setattr(PatchNCELoss, "forward", forward)
    assert trial_error(cut, dict.fromkeys("ab", (1, 3, 16, 16))) is None


@pytest.mark.parametrize(
    ("test", "advice"),
    [
        ("{type: PairedFolders, root: x}", "data.test.extra=['a_mask'] reads it"),
        ("{type: Stripes, load_size: 32}", "data.test.extra=['a_mask'] reads it"),
        ("{type: AlignedPairs, root: x}", "data.test.extra=['a_mask'] reads it"),
    ],
)
def test_an_output_of_images_that_the_test_data_lack_is_named(test, advice):
    output = "model.outputs={ab: 'times(ab(a), a_mask)'}"
    times = "model.views={times: {type: Times}}"
    (error,) = problems("cut/stripes", "data.train.extra=[a_mask]", times, output, f"data.test={test}")
    assert error == (
        f"--set {output}: model.outputs.ab: times(ab(a), a_mask) reads 'a_mask', which data.test does not announce: "
        f"{advice}"
    )


def test_an_output_that_is_no_text_is_named():
    (error,) = problems("cut/horse2zebra", "data.channels=3", "model.outputs={ab: [-1, 2]}")
    assert error.endswith("model.outputs.ab: an output is an image expression such as 'ab(a)', not [-1, 2]")
