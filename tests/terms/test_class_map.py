import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from i2ikit.errors import DataError, ShapeError
from i2ikit.interfaces import Read
from i2ikit.terms.class_map import ClassMapTerm


class Classes:
    """A step that has the logits of an image and a label."""

    def __init__(self, logits: Tensor, label: Tensor) -> None:
        self.logits, self.label = logits, label

    def taps(self, network: str, image: str, names: Sequence[str], *, grad: bool = True) -> dict[str, Tensor]:
        return dict.fromkeys(names, self.logits)

    def image(self, expression: str, *, grad: bool = True) -> Tensor:
        return self.label


TERM = ClassMapTerm("extractors.seg", "ab(a)", "a_label", ignore=9)


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    value = TERM(Classes(torch.zeros(2, 4, 3, 5), torch.randint(4, (2, 1, 6, 10))))
    assert value.item() == pytest.approx(math.log(4))


def test_it_is_the_mean_over_the_pixels_that_count_of_the_nearest_label():
    torch.manual_seed(0)
    logits, label = torch.randn(2, 3, 4, 4), torch.randint(3, (2, 1, 10, 6))
    label[0, 0, 0, 0] = label[1, 0, 5, 3] = 9
    nearest = F.interpolate(label.double(), (4, 4), mode="nearest")[:, 0].long()
    values = [
        -logits[b, :, y, x].log_softmax(0)[nearest[b, y, x]]
        for b in range(2) for y in range(4) for x in range(4)
        if nearest[b, y, x] != 9
    ]  # fmt: skip
    assert len(values) == 30
    assert TERM(Classes(logits, label)).item() == pytest.approx(torch.stack(values).mean().item())


def test_an_image_that_is_ignored_costs_nothing():
    logits = torch.randn(1, 3, 2, 2, requires_grad=True)
    value = TERM(Classes(logits, torch.full((1, 1, 2, 2), 9)))
    value.backward()
    assert (value.item(), logits.grad.abs().max().item()) == (0, 0)


def test_the_label_is_read_without_gradient():
    assert TERM.reads() == [Read("ab(a)", "extractors.seg", ("out",)), Read("a_label", grad=False)]


@pytest.mark.parametrize("label", [torch.zeros(1, 1, 2, 2), torch.zeros(1, 2, 2, dtype=torch.int64)])
def test_what_is_no_label_is_refused(label):
    with pytest.raises(ShapeError, match=r"ClassMapTerm needs codes \(B, 1, H, W\), got torch"):
        TERM(Classes(torch.zeros(1, 3, 2, 2), label))


def test_logits_without_pixels_are_refused():
    with pytest.raises(ShapeError, match=r"ClassMapTerm needs logits \(B, K, h, w\), got \(1, 4\)"):
        TERM(Classes(torch.zeros(1, 4), torch.zeros(1, 1, 2, 2, dtype=torch.int64)))


def test_codes_that_are_no_classes_are_named():
    label = torch.tensor([[0, 9, 33], [3, -1, 2]])[None, None]
    wanted = r"a_label has the codes -1, 3, 33, but extractors.seg has 3 classes, coded 0 to 2, and ignore=9: write"
    with pytest.raises(DataError, match=wanted):
        TERM(Classes(torch.zeros(1, 3, 2, 3), label))


def test_a_negative_code_to_ignore_is_refused():
    with pytest.raises(ValueError, match="ignore must be an integer of at least 0, not -1"):
        ClassMapTerm("extractors.seg", "ab(a)", "a_label", ignore=-1)
