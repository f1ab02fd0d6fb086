"""Views that stand for another expression, which they write anew in each step."""

from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.interfaces import Read
from i2ikit.interfaces.progress import Progress
from i2ikit.translation import RandomStreams
from i2ikit.views.base import UnfoldingView, View

AB = "generators.ab"


class Halfway(View):
    """The mean of two images; no gradient flows through it."""

    differentiable, arguments, numbers = False, 2, 1

    def sample(self, generator: torch.Generator, progress: Progress) -> bool:
        return True

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        other, index = others
        return (image + other.detach()) / (2 + index)


class Chain(UnfoldingView):
    """A number of steps, equal for views of one stream, each of which goes half of the way to the translation."""

    def __init__(self, most: int, generator: str = "ab") -> None:
        super().__init__()
        self.most, self.generator = most, generator

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        return int(torch.randint(self.most + 1, (), generator=generator))

    def unfold(self, arguments: tuple[str, ...], sample: Any) -> str:
        (image,) = arguments
        for index in range(sample):
            image = f"midway({image}, {self.generator}({image}), {index})"
        return image


@pytest.fixture
def read(silent):
    """Return a term that reads images and their sum."""

    def make(*texts: str) -> Any:
        def ask(step: Any) -> Tensor:
            term.images = [step.image(text) for text in texts]
            return sum(x.mean() for x in term.images)

        term = silent([Read(text) for text in texts], ask)
        return term

    return make


def test_a_chain_of_any_length_is_planned_and_shared(model, trainer, batch, read):
    term = read("ab(chain(a))", "ab(chain(b))", "ab(a)")
    chain = Chain(3)
    built = model({"generate": ([AB], {"x": term})}, views={"chain": chain, "midway": Halfway()})
    lengths = set()
    for number in range(1, 9):
        length = chain.sample(RandomStreams(0, number).generator("view/chain"), Progress(1, 1, 1, 1))
        lengths.add(length)
        network = built.generators["ab"]
        expected = batch["a"]
        with torch.no_grad():
            for index in range(length):
                expected = (expected + network(expected)) / (2 + index)
            expected = network(expected)
        network.calls.clear()
        trainer(built, rate=0).step(batch, number)
        torch.testing.assert_close(term.images[0].detach(), expected)
        calls = [(call.images, call.graph) for call in network.calls]
        # both chains in one call for each of their steps, without a graph but for the image that is read itself
        middle = [(2, False)] * (length - 1)
        assert sorted(calls) == sorted([(1, True), (1, False), *middle, (2, True)] if length else [(2, True)])
    assert len(lengths) > 2


class Deeper(UnfoldingView):
    """Becomes a text, whatever it is applied to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def sample(self, generator: torch.Generator, progress: Progress) -> bool:
        return True

    def unfold(self, arguments: tuple[str, ...], sample: Any) -> str:
        return self.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("deeper(a)", r"the view 'deeper' unfolds deeper\(a\): it is made of itself"),
        ("xy(a)", r"the view 'deeper' unfolds deeper\(a\): there is no generator or view 'xy' in 'xy\(a\)'"),
        ("ab(a", r"the view 'deeper' unfolds deeper\(a\): 'ab\(a' is not an image expression; "),
    ],
)
def test_a_view_that_unfolds_into_nonsense_is_named(model, batch, trainer, read, text, message):
    built = model({"generate": ([AB], {"x": read("deeper(a)")})}, views={"deeper": Deeper(text)})
    with pytest.raises(ValueError, match=message):
        trainer(built).step(batch)


def test_outside_of_training_it_is_its_image_unless_it_stays(model, batch, read):
    chain = Chain(0)
    built = model({"generate": ([AB], {"x": read("ab(chain(a))")})}, views={"chain": chain, "midway": Halfway()})
    chain.unfold = lambda arguments, sample: f"ab({arguments[0]})"
    one = built.render(batch, ["ab(chain(a))"])["ab(chain(a))"]
    chain.at_test = True
    two = built.render(batch, ["ab(chain(a))"])["ab(chain(a))"]
    images = built.render(batch, ["ab(a)", "ab(ab(a))"])
    assert torch.equal(one, images["ab(a)"])
    assert torch.equal(two, images["ab(ab(a))"])
