"""From config to model, and the text of every kind of error."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from i2ikit.build import Builder
from i2ikit.interfaces import HeadUse, Read, StepReader
from i2ikit.registry import HEADS, LOSSES, TERMS, VIEWS
from i2ikit.schedules import Constant, Until
from i2ikit.terms.base import Term
from i2ikit.translation import Progress, RandomStreams, build_model
from i2ikit.translation.step import Step
from i2ikit.views.base import UnfoldingView
from tests.translation.small_config import GAN, TERM, Config, build, change, errors, small_config

PROGRESS = Progress(1, 1, 1, 1)


@pytest.fixture
def config() -> Config:
    return small_config()


def test_the_config_becomes_networks_views_phases_and_weighted_terms(config):
    model = build(config)
    assert list(model.networks) == ["generators.ab", "discriminators.b", "heads.f"]
    assert list(model.views) == ["mirror", "mix"]
    assert list(model.phases) == ["discriminate", "generate"]
    generate = model.phases["generate"]
    assert generate.update == ("generators.ab", "heads.f")
    assert (generate.optimizer, generate.groups) == ({"lr": 1e-4}, {"heads": {"lr": 1e-3}})
    assert list(generate.terms) == ["gan", "content"]
    weight = generate.terms["content"].weight
    assert isinstance(weight, Until)
    assert [weight(Progress(epoch, 1, 9, 9)) for epoch in (3, 4)] == [2.0, 0.0]
    assert isinstance(generate.terms["gan"].weight, Constant)


def test_a_term_samples_from_its_own_stream_unless_it_names_one(config):
    assert build(config).phases["generate"].terms["content"].stream == ""
    named = build(change(config, "phases/generate/terms/content/stream", "places"))
    assert named.phases["generate"].terms["content"].stream == "places"


def test_a_phase_may_come_before_one_that_an_earlier_config_wrote(config):
    config["phases"]["again"] = {
        "update": ["generators"],
        "terms": {"x": {"type": "PixelTerm", "image": "ab(b)", "target": "b", "loss": {"type": "L1Loss"}}},
    }
    assert list(build(config).phases) == ["discriminate", "generate", "again"]
    before = change(config, "phases/again/before", "generate")
    assert list(build(before).phases) == ["discriminate", "again", "generate"]
    assert list(build(change(before, "phases/generate/before", "discriminate")).phases) == [
        "again",
        "generate",
        "discriminate",
    ]


def test_a_view_has_the_stream_and_the_place_that_its_config_says(config):
    mirror = build(config).views["mirror"]
    assert (mirror.stream, mirror.at_test) == ("", False)
    config["views"]["mirror"].update(stream="flips", at_test=True)
    mirror = build(config).views["mirror"]
    assert (mirror.stream, mirror.at_test) == ("flips", True)


def test_a_named_image_stands_for_its_expression(config):
    config["images"] = {"fake": "ab(flipped)", "flipped": "mirror(a)"}
    model = build(change(config, f"{GAN}/image", "fake"))
    assert str(model.language.image("mix(fake, b)")) == "mix(ab(mirror(a)), b)"
    plan = Step(model, {"a": torch.zeros(1, 3, 16, 16), "b": torch.zeros(1, 3, 16, 16)}, PROGRESS, RandomStreams(0, 1))
    with torch.no_grad():
        assert plan.image("fake").data_ptr() == plan.image("ab(mirror(a))").data_ptr()  # one pass


def test_what_a_view_unfolds_into_is_checked(config):
    @VIEWS.register_module()
    class Twice(UnfoldingView):
        """The translation of the translation; not published."""

        def __init__(self, generator: str) -> None:
            super().__init__()
            self.generator = generator

        def sample(self, generator: torch.Generator, progress: Progress) -> bool:
            return True

        def unfold(self, arguments: tuple[str, ...], sample: Any) -> str:
            return f"{self.generator}({self.generator}({arguments[0]}))"

    try:
        config = change(config, f"{GAN}/image", "twice(a)")
        assert build(change(config, "views/twice", {"type": "Twice", "generator": "ab"})) is not None
        assert errors(change(config, "views/twice", {"type": "Twice", "generator": "ba"})) == [
            "model.phases.generate.terms.gan: the view 'twice' unfolds twice(a): there is no generator or view 'ba' in "
            "'ba(ba(a))'. Nearest: 'ab'. There are: ab, mirror, mix, twice."
        ]
    finally:
        del VIEWS.module_dict["Twice"]


def shared(config: Config) -> Config:
    """Networks by second names, in every place where a name can stand."""
    config = deepcopy(config)
    for kind, other, own in (("generators", "ba", "ab"), ("discriminators", "a", "b"), ("heads", "g", "f")):
        config[kind] = {other: {"same_as": own}, **config[kind]}
    config["heads"]["f"]["of"] = "ba"
    config["averages"] = {"slow": {"of": "generators.ba", "momentum": 0.5, "init": "own"}}
    discriminate, generate = config["phases"].values()
    discriminate["terms"]["d"].update(discriminator="a", fake="ba(a)")
    generate["update"] = ["generators", "generators.ba", "heads.g"]
    generate["terms"]["gan"].update(discriminator="a", image="ba(mirror(a))")
    generate["terms"]["content"].update(query=["ba", "ab(a)"], key=["ba", "a"], head="g")
    return config


def test_a_network_of_two_names_is_one_network_that_a_phase_updates_once(config):
    model = build(shared(config))
    assert list(model.networks) == ["generators.ab", "generators.slow", "discriminators.b", "heads.f"]
    assert {key.rpartition(".")[0].split(".")[1] for key in model.state_dict()} == {"ab", "slow", "b", "f"}
    assert [phase.update for phase in model.phases.values()] == [
        ("discriminators.b",), ("generators.ab", "heads.f")
    ]  # fmt: skip
    assert (model.averages["generators.slow"].of, model.to_show("ba")) == ("generators.ab", "slow")
    assert {name: str(image) for name, image in model.outputs.items()} == {"ba": "ab(b)", "ab": "ab(a)"}
    assert str(model.language.image("ba(ab(a))")) == "ab(ab(a))"


def test_a_step_with_networks_of_two_names_is_the_step_with_one(config):
    found = []
    for each in (shared(config), {**config, "averages": {"slow": {"of": "generators.ab", "init": "own"}}}):
        torch.manual_seed(0)
        model = build(each)
        gradients: dict[str, Tensor] = {}

        def update(phase: str, loss: Tensor, model: Any = model, gradients: Any = gradients) -> None:
            model.zero_grad(set_to_none=True)
            loss.backward()
            given = {f"{phase} {name}": p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
            gradients.update(given)

        batch = {name: torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1)) for name in "ab"}
        values = model.train_step([batch], update, PROGRESS, [RandomStreams(0, 1)])
        found.append({**values, **gradients})
    assert found[0].keys() == found[1].keys()
    assert all(torch.equal(found[0][key], found[1][key]) for key in found[0])


@pytest.mark.parametrize(
    ("same", "expected"),
    [
        (
            {"same_as": "abb"},
            "ba.same_as: there is no other generator 'abb'. Nearest: 'ab'. There are: ab.",
        ),
        ({"same_as": "b"}, "there is no other generator 'b', which is one of the discriminators."),
        ({"same_as": "ba"}, "'ba' has no weights of its own, but a same_as too: name 'ab'"),
        ({"same_as": "ab", "filters": 4}, "generators.ba: same_as stands alone, without filters: 'ba' is 'ab' itself"),
        ({"same_as": None}, "there is no other generator 'None'"),
    ],
)
def test_a_second_name_of_no_network_is_an_error(config, same, expected):
    config["generators"]["ba"] = same
    (error,) = errors(config)
    assert expected in error


def test_a_head_is_made_for_the_widths_of_its_taps(config):
    assert [layer[0].in_features for layer in build(config).heads["f"].layers] == [2, 4]


class Energy(Term):
    """How much energy a network of two images gives them; not published."""

    def __init__(self, head: str, image: str, other: str) -> None:
        super().__init__()
        self.head, self.image, self.other = head, image, other

    def reads(self) -> list[Read]:
        return [Read(self.image), Read(self.other, grad=False)]

    def heads(self) -> list[HeadUse]:
        return [HeadUse(self.head)]

    def forward(self, step: StepReader) -> Tensor:
        images = [step.image(self.image), step.image(self.other, grad=False)]
        return step.head(self.head)(torch.cat(images, dim=1)).mean()


class EnergyNetwork(nn.Sequential):
    """A network that is fed with images and not with the features of a generator."""

    def __init__(self, channels: int, filters: int = 2) -> None:
        super().__init__(nn.Conv2d(channels, filters, 4, stride=2), nn.ReLU(), nn.Conv2d(filters, 1, 3))


@pytest.fixture
def energy(config):
    TERMS.register_module()(Energy)
    HEADS.register_module()(EnergyNetwork)
    config = change(config, "heads/energy", {"type": "EnergyNetwork", "channels": 6})
    against = {"type": "Energy", "head": "energy", "image": "ab(a)", "other": "a", "weight": -1.0}
    config["phases"]["lift"] = {"update": ["heads.energy"], "terms": {"lift": against}}
    config["phases"]["generate"]["terms"]["fall"] = {**against, "weight": 1.0}
    config["averages"] = {"energy_slow": {"of": "heads.energy"}}
    yield config
    del TERMS.module_dict["Energy"], HEADS.module_dict["EnergyNetwork"]


def test_a_head_without_taps_is_a_network_that_terms_feed_what_they_like(energy):
    model, reached = build(energy), {}

    def update(phase: str, loss: Tensor) -> None:
        model.zero_grad(set_to_none=True)
        loss.backward()
        given = [name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
        reached[phase] = {".".join(name.split(".")[:2]) for name in given}

    batch = {name: torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1 for name in "ab"}
    torch.manual_seed(0)
    values = model.train_step([batch], update, Progress(1, 1, 1, 1), [RandomStreams(0, 1)])
    assert reached["lift"] == {"heads.energy"}
    assert "heads.energy" not in reached["generate"]
    assert values["lift"] == values["fall"]
    assert list(model.heads) == ["f", "energy", "energy_slow"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("heads/energy/channels", 0.5, "must be an integer, not 0.5"),
        ("heads/energy/chanels", 3, "EnergyNetwork has no argument 'chanels'. Nearest: 'channels'."),
        ("heads/energy/taps", ["stem"], 'a head is written as dict(type="...", of="generator", taps=[...], ...)'),
        ("heads/energy/type", "EnergyNet", "no head is called 'EnergyNet'. Nearest: 'EnergyNetwork'"),
        ("phases/lift/terms/lift/head", "energi", "there is no head 'energi'. Nearest: 'energy'"),
        (
            "phases/generate/terms/content/head",
            "energy",
            "the term embeds features with head 'energy', which has no `of` and `taps`",
        ),
        (
            "phases/generate/terms/content/head",
            "energy_slow",
            "the term embeds features with head 'energy_slow', which has no `of` and `taps`",
        ),
    ],
)
def test_an_error_about_a_head_without_taps_is_reported(energy, path, value, message):
    assert any(message in line for line in errors(change(energy, path, value)))


def test_a_network_named_twice_is_updated_once(config):
    model = build(change(config, "phases/generate/update", ["heads", "heads.f", "generators.ab", "generators"]))
    assert model.phases["generate"].update == ("heads.f", "generators.ab")


def test_one_network_may_be_named_without_a_list(config):
    model = build(change(config, "phases/discriminate/update", "discriminators.b"))
    assert model.phases["discriminate"].update == ("discriminators.b",)


def test_the_config_is_left_as_it_was(config):
    before = deepcopy(config)
    build(config)
    assert config == before


def test_a_model_is_built_on_the_meta_device_without_numbers(config):
    with torch.device("meta"):
        assert all(parameter.is_meta for parameter in build(config).parameters())


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("type", "CycleGAN", "the model is always 'UnpairedTranslation'"),
        ("generator", {}, "unknown key 'generator'. Nearest: 'generators'"),
        ("generators", {}, "a model needs at least one generator"),
        ("generators", 3, "model.generators: must be a dict, not 3"),
        ("generators/ab/type", "ResNet", "no generator is called 'ResNet'. Nearest: 'ResNetGenerator'"),
        ("generators/ab/filter", 3, "ResNetGenerator has no argument 'filter'. Nearest: 'filters'."),
        (
            "generators/ab/blocks",
            0,
            "ResNetGenerator refused its arguments: blocks must be an integer above 0, not 0",
        ),
        ("generators/b", {"type": "ResNetGenerator"}, "'b' cannot be a name in image expressions"),
        ("generators/a-b", {"type": "ResNetGenerator"}, "'a-b' cannot be a name in image expressions"),
        ("generators/is", {"type": "ResNetGenerator"}, "'is' cannot be a name in image expressions"),
        ("discriminators/keys", {"type": "PixelDiscriminator"}, "'keys' cannot be a name"),
        ("views/ab", {"type": "Mirror"}, "a generator is already called 'ab'"),
        ("views/mirror/stream", 3, "must be the name of a random stream, not 3"),
        ("views/mirror/at_test", 1, "must be True or False, not 1"),
        ("images", {"ab": "a"}, "model.images.ab: a generator is already called 'ab'"),
        ("images", {"a": "b"}, "a real image is already called 'a'"),
        ("images", {"mix": "b"}, "a view is already called 'mix'"),
        ("images", {"a-b": "b"}, "'a-b' cannot be a name in image expressions"),
        ("images", {"x": 3}, "model.images.x: must be an image expression, not 3"),
        ("images", {"x": "ab(c)"}, "there is no image 'c' in 'ab(c)'. There are: a, b, x."),
        ("images", {"x": "ab(y)", "y": "z", "z": "y"}, "the image 'y' is made of itself: y -> z -> y"),
        ("views/mirror/probability", 2, "Mirror refused its arguments: probability must be in 0..1, not 2"),
        ("heads/f/of", "ba", "there is no generator or extractor 'ba'. Nearest: 'ab'. There are: ab."),
        ("heads/f/of", ["ab"], "there is no generator or extractor ['ab']."),
        ("heads/f/taps", ["stam"], "there is no tap 'stam' in generators.ab. Nearest: 'stem'"),
        ("heads/f/taps", "stem", "taps are a list of names, not 'stem'"),
        ("heads/f", {"type": "MLPHead"}, 'a head is written as dict(type="...", of="generator", taps=[...], ...)'),
        ("phases", {}, "a model needs at least one phase"),
        ("phases/generate", "x", "a phase is written as dict(update=[...], terms=dict(...))"),
        ("phases/generate/updates", [], "unknown key 'updates'. Nearest: 'update'"),
        ("phases/generate/update", ["generator"], "there is no network 'generator'. Nearest: 'generators'"),
        ("phases/generate/update", [], "a phase needs at least one network to update"),
        ("phases/generate/update", 3, "update is a list of names, not 3"),
        ("phases/generate/update", ["extractors.vgg"], "'extractors.vgg' is never updated; a network that a phase"),
        ("extractors", {"vgg": {"type": "VGG16Features"}}, "VGG16Features needs the argument 'weights'"),
        (f"{TERM}/query", ["extractors.vgg", "ab(a)"], "there is no extractor 'vgg'. There are: none."),
        ("phases/generate/update", [["heads"]], "update is a list of names, not [['heads']]"),
        ("phases/generate/terms", {}, "a phase needs at least one term"),
        ("phases/generate/terms/a.b", {"type": "PixelTerm"}, "'a.b' cannot be the name of a term"),
        ("phases/generate/terms/update", {"type": "PixelTerm"}, "'update' cannot be the name of a term"),
        ("phases/generate/before", "discriminat", "there is no other phase 'discriminat'. Nearest: 'discriminate'"),
        ("phases/generate/before", "generate", "there is no other phase 'generate'"),
        (f"{GAN}/discriminator", "a", "there is no discriminator 'a'. There are: b."),
        (f"{GAN}/loss", {"type": "L1Loss"}, "AdversarialTerm refused its arguments: loss must be an adversarial loss"),
        (GAN, {"type": "AdversarialTerm", "image": "ab(a)"}, "AdversarialTerm needs the argument 'loss'"),
        (TERM, 5, 'a term is written as dict(type="...", ...)'),
        (f"{TERM}/type", "PathTerm", "no term is called 'PathTerm'. Nearest: 'PatchTerm'"),
        (f"{TERM}/weight", "high", "must be a number or a schedule, not 'high'"),
        (f"{TERM}/weight", True, "must be a number or a schedule, not True"),
        (f"{TERM}/weight", {"type": "Untill"}, "no schedule is called 'Untill'. Nearest: 'Until'"),
        (f"{TERM}/loss", {"type": "PatchNSELoss"}, "no loss is called 'PatchNSELoss'. Nearest: 'PatchNCELoss'"),
        (f"{TERM}/loss", {"type": "PatchNCELoss", "tau": 0}, "refused its arguments: tau must be above 0, not 0"),
        (
            f"{TERM}/sampler",
            {"type": "RandomSampler", "nun": 3},
            "RandomSampler has no argument 'nun'. Nearest: 'num'.",
        ),
        (f"{TERM}/head", "g", "there is no head 'g'. There are: f."),
        (f"{TERM}/taps", [], "PatchTerm refused its arguments: taps must be a list of at least one layer, not []"),
        (f"{TERM}/stream", 3, "must be the name of a random stream, not 3"),
        (f"{TERM}/taps", ["stem"], "head 'f' is made for 2 taps, but the term has 1"),
        (f"{TERM}/taps", ["down1", "down2"], "made for taps of [2, 4] channels, but those of the term have [4, 8]"),
        (f"{TERM}/taps", ["stem", "dwn1"], "there is no tap 'dwn1' in generators.ab. Nearest: 'down1'"),
        (f"{TERM}/query", ["ba", "ab(a)"], "there is no generator 'ba'. Nearest: 'ab'. There are: ab."),
        (f"{TERM}/query", ["ab", "ab(c)"], "there is no image 'c' in 'ab(c)'. There are: a, b."),
        (f"{TERM}/query", ["ab", "miror(a)"], "there is no generator or view 'miror' in 'miror(a)'. Nearest: 'mirror'"),
        (f"{TERM}/query", ["ab", "ab(a"], "'ab(a' is not an image expression; they look like 'a', 'ab(a)'"),
        (f"{TERM}/query", ["ab", ["a"]], "must be a list, each text, not ['ab', ['a']]"),
        (f"{TERM}/query", ["ab", "ab(a, b)"], "'ab' takes 1 input (an image), not 2 ('ab(a, b)')"),
        (f"{TERM}/query", ["ab", "mix(a)"], "'mix' takes 2 images, not 1 ('mix(a)')"),
    ],
)
def test_an_error_is_reported_with_its_path_and_the_nearest_names(config, path, value, message):
    found = errors(change(config, path, value))
    place = ".".join(["model", *path.split("/")[:-1]])
    assert any(line.startswith(place) and message in line for line in found), "\n".join(found)


def test_a_duplicate_term_is_reported_even_if_it_has_errors(config):
    wrong = change(config, "phases/discriminate/terms/content", {"type": "Nothing"})
    expected = (
        "model.phases.generate.terms.content: phase 'discriminate' already has a term of this name; choose another"
    )
    assert expected in errors(wrong)


def test_all_errors_are_reported_together(config):
    wrong = change(config, "generators/ab/filtres", 3)
    wrong = change(wrong, "discriminators/b/type", "PatchGAN")
    wrong = change(wrong, f"{TERM}/loss/tua", 1)
    wrong = change(wrong, f"{TERM}/sampler/num", 0)
    wrong = change(wrong, "phases/generate/update", ["genertors"])
    found = errors(wrong)
    for part in ("filtres", "'PatchGAN'", "tua", "num must be", "genertors"):
        assert sum(part in line for line in found) == 1, part
    assert len(found) == 5  # terms get no errors for what a broken network would have provided


def test_a_new_loss_is_one_class_and_one_line_of_config(config):
    @LOSSES.register_module()
    class FarthestPatchLoss(nn.Module):
        """The distance of the worst row; not published."""

        def forward(self, query: Tensor, key: Tensor) -> Tensor:
            return (query - key).square().sum(-1).amax(1).mean()

    try:
        model = build(change(config, f"{TERM}/loss", {"type": "FarthestPatchLoss"}))
        parameters = [*model.generators.parameters(), *model.heads.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=1e-3)

        def update(phase: str, loss: Tensor) -> None:
            optimizer.zero_grad()
            loss.backward()
            if phase == "generate":
                optimizer.step()

        torch.manual_seed(0)
        batch = {name: torch.rand(1, 3, 16, 16) * 2 - 1 for name in "ab"}
        before = [parameter.detach().clone() for parameter in parameters]
        values = [
            model.train_step([batch], update, Progress(1, n, 1, 2), [RandomStreams(0, n)])["content"].item()
            for n in (1, 2)
        ]
        assert 0 < values[0] <= 4
        assert any(not torch.equal(x, y) for x, y in zip(before, parameters, strict=True))
    finally:
        del LOSSES.module_dict["FarthestPatchLoss"]


@pytest.mark.parametrize("frozen", [False, True])
def test_trainable_parameters_inside_a_term_are_refused_since_no_phase_updates_them(config, frozen):
    @LOSSES.register_module()
    class ScaledLoss(nn.Module):
        """The distance with a learned scale; not published."""

        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Linear(1, 1).requires_grad_(not frozen)

        def forward(self, query: Tensor, key: Tensor) -> Tensor:
            return self.scale((query - key).square().mean()[None]).squeeze()

    try:
        changed = change(config, f"{TERM}/loss", {"type": "ScaledLoss"})
        expected = (
            "model.phases.generate.terms.content: the term has trainable parameters that no phase updates: "
            "'loss.scale.weight' and 1 more. Make them a head, which a phase updates, or set requires_grad to False "
            "where they are made"
        )
        if frozen:
            assert build(changed) is not None
        else:
            assert errors(changed) == [expected]
    finally:
        del LOSSES.module_dict["ScaledLoss"]


def test_images_beyond_a_and_b_are_those_that_the_data_announces(config):
    masked = change(config, f"{GAN}/image", "ab(mirror(a2))")
    assert "there is no image 'a2' in 'ab(mirror(a2))'. Nearest: 'a'. There are: a, b." in "".join(errors(masked))
    builder = Builder()
    assert build_model(masked, builder, real=("a", "b", "a2")) is not None, builder.errors
    assert build_model(change(config, "views/a2", {"type": "Mirror"}), builder, real=("a", "b", "a2")) is None
    assert builder.errors[0].message == "'a2' cannot be a name in image expressions"
