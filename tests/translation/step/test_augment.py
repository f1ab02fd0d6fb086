"""A view in front of a discriminator: every image that enters it, in every phase, and the logits of real ones."""

import pytest
import torch
from torch import Tensor

from i2ikit.interfaces.progress import Progress
from i2ikit.losses.adversarial import LSGANLoss
from i2ikit.terms.adversarial import AdversarialTerm, DiscriminatorTerm
from i2ikit.views.base import View


class Remembering(View):
    """Adds one, and remembers what it saw and was told."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.observed: list[list[Tensor]] = []

    def sample(self, generator: torch.Generator, progress: Progress) -> bool:
        return True

    def forward(self, image: Tensor, *others: Tensor, sample: bool, expression: str, first: int = 0) -> Tensor:
        self.seen.append(expression)
        return image + 1

    def observe(self, logits: list[Tensor]) -> None:
        self.observed.append(logits)


@pytest.fixture
def built(model):
    phases = {
        "discriminate": (["discriminators.b"], {"d": DiscriminatorTerm("b", "b", "ab(a)", LSGANLoss())}),
        "generate": (["generators.ab"], {"gan": AdversarialTerm("b", "ab(a)", LSGANLoss())}),
    }
    return lambda views: model(phases, views=views)


def test_real_and_generated_images_go_through_it_and_gradient_reaches_the_generator(built, trainer, batch):
    view = Remembering()
    made = built({"augment_b": view})
    run = trainer(made)
    run.step(batch)
    assert set(view.seen) == {"b", "ab(a)"}
    assert run.reached == {"discriminate": {"discriminators.b"}, "generate": {"generators.ab"}}
    logits = made.discriminators["b"](batch["b"] + 1)
    assert made.discriminators["b"].calls[0].images == 2  # both in one call
    assert view.observed[0][0].shape == logits.shape


def test_it_is_told_the_logits_of_real_images_once_a_step_in_the_phase_that_updates_the_discriminator(
    built, trainer, batch
):
    view = Remembering()
    made = built({"augment_b": view})
    expected = made.discriminators["b"](batch["b"] + 1)
    trainer(made).step(batch)
    ((found,),) = view.observed
    torch.testing.assert_close(found, expected)
    assert not found.requires_grad


def test_a_view_for_another_discriminator_is_not_applied(built, trainer, batch):
    view = Remembering()
    made = built({"augment_a": view})
    trainer(made).step(batch)
    assert (view.seen, view.observed) == ([], [])
