"""What image expressions mean in a model: one form for each pass, and the text of every error."""

import pytest
from torch import Tensor, nn

from i2ikit.interfaces import ExtraInput
from i2ikit.translation.language import Language
from i2ikit.views.base import View


class Network(nn.Module):
    tap_names = ("mid", "out")

    def __init__(self, *extra_inputs: ExtraInput) -> None:
        super().__init__()
        self.extra_inputs = extra_inputs


class AnyView(View):
    def __init__(self, arguments: int, numbers: int = 0) -> None:
        super().__init__()
        self.arguments, self.numbers = arguments, numbers

    def sample(self, *_: object) -> None:
        return None

    def forward(self, image: Tensor, *others: object, **options: object) -> Tensor:
        return image


@pytest.fixture
def language() -> Language:
    networks = {
        "generators.enc": Network(),
        "generators.dec": Network(ExtraInput("style", "vector", 4), ExtraInput("d", "scalar", default=1.0)),
        "generators.ab": Network(ExtraInput("c", "label", 3, default=0)),
        "generators.broken": None,
        "discriminators.d": Network(ExtraInput("t", "scalar")),
    }
    views = {"z": AnyView(0), "mix": AnyView(2), "shade": AnyView(1, numbers=1), "unbuilt": None}
    return Language(networks, views, real=("a", "b", "mask"))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("dec(enc(a), z)", "dec(enc(a), z, 1)"),
        ("dec(enc(a), z, d=1.0)", "dec(enc(a), z, 1)"),
        ("dec(enc(a), d=0.5, style=z(3))", "dec(enc(a), z(3), 0.5)"),
        ("dec(enc(a), 0, -2)", "dec(enc(a), 0, -2)"),
        ("ab(mask, c=2)", "ab(mask, 2)"),
        ("ab(a).mid", "ab(a, 0).mid"),
        ("mix(a, shade(b, 0.5))", "mix(a, shade(b, 0.5))"),
        ("z", "z"),
        ("broken(a, z)", "broken(a, z)"),
        ("unbuilt(a)", "unbuilt(a)"),
    ],
)
def test_every_way_to_write_a_pass_has_one_form(language, text, form):
    assert str(language.image(text)) == form
    assert language.image(form) == language.image(text)


def test_the_inputs_of_a_network_are_a_list(language):
    assert [str(each) for each in language.inputs("discriminators.d", "ab(a), t=z")] == ["ab(a, 0)", "z"]
    assert [str(each) for each in language.inputs("generators.dec", "enc(a), z, 0")] == ["enc(a)", "z", "0"]


def test_real_images_are_told_from_random_ones(language):
    assert language.real_images("dec(enc(a), z)") == {"a"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "dec(enc(a))",
            r"'dec' in 'dec\(enc\(a\)\)' needs its input 'style', a vector, which has no default: add style=",
        ),
        ("dec(enc(a), z, dd=1)", r"no input 'dd' of 'dec' in .* Nearest: 'd'. There are: style, d."),
        ("dec(enc(a), z, style=z)", r"'dec' gets its input 'style' twice"),
        ("dec(enc(a), z, d=1, d=2)", r"'dec' gets its input 'd' twice"),
        ("dec(enc(a), z, 1, 2)", r"'dec' takes 3 inputs \(an image, style, d\), not 4"),
        ("dec(style=z)", r"'dec' takes an image first"),
        ("dec(1, z)", r"an image is expected instead of the number 1 in 'dec\(1, z\)'"),
        ("ab(a, 3)", r"'ab': input 'c' is a label in 0..2, not 3"),
        ("ab(a, 0.5)", r"'ab': input 'c' is a label in 0..2, not 0.5"),
        ("ab", r"'ab' in 'ab' is a generator: write ab\(a\)"),
        ("ab(a).mod", r"no tap 'mod' in generators.ab \('ab\(a\).mod'\). Nearest: 'mid'. There are: mid, out."),
        ("mix(a, b).mid", r"'mix' is no generator, so it has no tap 'mid'"),
        ("mix(a, 1)", r"'mix' takes 2 images, not 1"),
        ("mix(a, b, 1)", r"'mix' takes 0 numbers after its images, not 1"),
        ("shade(a)", r"'shade' takes 1 number after its images, not 0"),
        ("shade(1, a)", r"the numbers of the view 'shade' come after its images"),
        ("shade(a, by=1)", r"the view 'shade' takes no argument by name"),
        ("z(a)", r"'z' takes 0 images, not 1"),
        ("mix", r"'mix' takes 2 images, not 0"),
        ("a(b)", r"no generator or view 'a' in 'a\(b\)'"),
        ("enc(c)", r"no image 'c' in 'enc\(c\)'"),
    ],
)
def test_what_has_no_meaning_is_an_error_that_says_why(language, text, message):
    with pytest.raises(ValueError, match=message):
        language.image(text)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({f"x{i}": f"enc(x{i + 1})" for i in range(600)}, "leads through too many names of model.images"),
        ({f"x{i}": f"enc(x{i + 1})" for i in range(110)} | {"x110": "a"}, "more than 100 calls inside each other"),
        ({f"x{i}": f"mix(x{i + 1}, x{i + 1})" for i in range(40)} | {"x40": "a"}, "has over 10,000 parts"),
    ],
)
def test_an_image_that_grows_through_names_is_an_error(named, message):
    language = Language({"generators.enc": Network()}, {"mix": AnyView(2)}, named=named)
    with pytest.raises(ValueError, match=message):
        language.image("x0")


def test_a_long_text_is_cut_in_messages(language):
    with pytest.raises(ValueError, match=r"^'(enc\(){20}\.\.\.' is not an image expression"):
        language.image("enc(" * 300 + "a")
