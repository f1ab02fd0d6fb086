import pytest
import torch

from i2ikit.build import Builder
from i2ikit.terms.mean import MeanTerm
from i2ikit.translation import Progress, RandomStreams, build_model


class Images:
    def image(self, expression: str, *, grad: bool = True) -> torch.Tensor:
        return torch.tensor([0.0, 0.5, 1.0, 0.5], dtype=torch.float16).view(1, 1, 2, 2) * len(expression)


def test_it_is_the_mean_in_float32():
    value = MeanTerm("a")(Images())
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(0.5)


def test_it_trains_a_mask_and_not_the_image_under_it():
    generator = {"type": "ResNetGenerator", "filters": 2, "blocks": 1, "mask": True, "init": "kaiming"}
    term = {"type": "MeanTerm", "image": "ab(a).mask"}
    phases = {"generate": {"update": ["generators"], "terms": {"area": term}}}
    torch.manual_seed(0)
    model = build_model({"generators": {"ab": generator}, "phases": phases}, Builder())
    batch = {name: torch.rand(1, 3, 16, 16) * 2 - 1 for name in "ab"}
    expected = model.generators["ab"].trace(batch["a"], ["mask"])["mask"].mean()
    backward = lambda _phase, total: total.backward()  # noqa: E731
    losses = model.train_step([batch], backward, Progress(1, 1, 1, 1), [RandomStreams(0, 1)])
    torch.testing.assert_close(losses["area"], expected.detach())
    stages = model.generators["ab"].stages
    assert stages.mask.conv.weight.grad.abs().max() > 0
    assert stages.out.conv.weight.grad is None
