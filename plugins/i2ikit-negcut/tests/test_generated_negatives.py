import pytest
import torch
from i2ikit_negcut.generated_negatives import GeneratedNegatives
from i2ikit_negcut.mode_seeking import ModeSeekingTerm
from i2ikit_negcut.negative_generator import NegativeGenerator
from torch import Tensor, nn

from i2ikit.interfaces import Read
from i2ikit.registry import HEADS, NEGATIVES, TERMS


class Doubling(nn.Module):
    """A head that doubles what it is given."""

    def forward(self, x: Tensor, layer: int, role: str = "query") -> Tensor:
        return 2 * x


class Features:
    """A step that has features, two heads, and the same noise for one label."""

    def __init__(self, images: int = 2) -> None:
        torch.manual_seed(0)
        self.features = {"x": torch.randn(images, 4, 3, 3), "y": torch.randn(images, 4, 2, 2)}
        self.networks = {"f_slow": Doubling(), "hard": NegativeGenerator([4, 4], 4, noise=3, init_gain=1.0)}

    def taps(self, generator: str, image: str, names: list[str], *, grad: bool = True) -> dict[str, Tensor]:
        assert (generator, image) == ("ab", "a")
        return {name: self.features[name] for name in names}

    def head(self, name: str) -> nn.Module:
        return self.networks[name]

    def noise(self, label: str, *size: int) -> Tensor:
        return torch.randn(size, generator=torch.Generator().manual_seed(len(label) + int(label[-1])))


def source(**changes: object) -> GeneratedNegatives:
    options = {"maker": "hard", "head": "f_slow", "image": ("ab", "a"), "taps": ["x", "y"], "num": 6, **changes}
    return GeneratedNegatives(**options)


def test_they_are_made_from_the_mean_embedding_of_the_image_and_noise():
    step, rows = Features(), torch.zeros(2, 5, 4)
    keys = source()(step, rows, rows, 1).keys
    noise = step.noise("negatives/1", 2, 6, 3)
    for image in range(2):
        context = 2 * step.features["y"][image].flatten(1).mean(1)
        for i in range(6):
            hidden = step.networks["hard"].layers[1](torch.cat([context, noise[image, i]]))
            torch.testing.assert_close(keys[image, i], hidden / (hidden.norm() + 1e-7))


def test_gradient_flows_through_the_context_into_the_features():
    step = Features()
    feature = step.features["x"].requires_grad_()
    source().generate(step, 0)[..., 0].sum().backward()
    assert feature.grad.abs().sum() > 0


def test_variety_is_the_distance_of_the_halves():
    step = Features()
    values = []
    for layer in range(2):
        rows = source(num=4).generate(step, layer)
        pairs = [(rows[image, i] - rows[image, i + 2]).abs().sum() for image in range(2) for i in range(2)]
        values.append(-sum(pairs) / (2 * 2 * 4))
    torch.testing.assert_close(ModeSeekingTerm(source(num=4))(step), sum(values) / 2)


def test_an_odd_number_leaves_the_last_one_out():
    step = Features()
    rows = source(num=3, taps=["x"]).generate(step, 0)
    expected = -(rows[:, 0] - rows[:, 1]).abs().mean()
    torch.testing.assert_close(ModeSeekingTerm(source(num=3, taps=["x"]))(step), expected)


def test_it_says_what_it_reads_and_embeds():
    assert source().reads() == [Read("a", "generators.ab", ("x", "y"))]
    assert [use.head for use in source().heads()] == ["f_slow", "hard"]
    term = ModeSeekingTerm(source())
    assert (term.reads(), term.heads()) == (source().reads(), source().heads())


def test_negatives_have_unit_length():
    lengths = source().generate(Features(), 0).norm(dim=-1)
    torch.testing.assert_close(lengths, torch.ones(2, 6), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num": 1}, "num must be at least 2, not 1"),
        ({"num": 2.5}, "num must be an integer above 0"),
        ({"image": "a"}, "image needs two names, a generator's and an image's, not 'a'"),
        ({"taps": []}, "taps must be a list of at least one layer"),
    ],
)
def test_an_argument_out_of_its_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        source(**arguments)


def test_a_source_that_generates_nothing_has_no_variety():
    with pytest.raises(ValueError, match="negatives must be generated ones, such as GeneratedNegatives"):
        ModeSeekingTerm(object())


def test_a_maker_without_noise_is_refused():
    with pytest.raises(ValueError, match="noise must be an integer above 0"):
        NegativeGenerator([4], 4, noise=0)


def test_the_parts_are_registered():
    assert HEADS.get("NegativeGenerator") is NegativeGenerator
    assert NEGATIVES.get("GeneratedNegatives") is GeneratedNegatives
    assert TERMS.get("ModeSeekingTerm") is ModeSeekingTerm
