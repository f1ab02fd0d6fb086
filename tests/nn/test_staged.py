import pytest
import torch
from torch import Tensor, nn

from i2ikit.errors import ShapeError
from i2ikit.nn.staged import StagedGenerator


class Add(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x + 1


@pytest.fixture
def generator() -> StagedGenerator:
    return StagedGenerator(2, [("first", Add(), 2), ("second", Add(), 2), ("out", Add(), 2)], multiple=2)


def calls(generator: StagedGenerator) -> list[int]:
    return [stage.calls for stage in generator.stages]


def test_a_tap_is_the_output_of_its_stage(generator: StagedGenerator) -> None:
    taps = generator.trace(torch.zeros(1, 2, 2, 2), ("out", "first"))
    assert {name: value.max().item() for name, value in taps.items()} == {"first": 1, "out": 3}


def test_tracing_stops_after_the_last_tap_that_is_asked_for(generator: StagedGenerator) -> None:
    generator.trace(torch.zeros(1, 2, 2, 2), ["second", "first", "second"])
    assert calls(generator) == [1, 1, 0]


def test_asking_for_nothing_runs_nothing(generator: StagedGenerator) -> None:
    assert generator.trace(torch.zeros(1, 2, 2, 2), ()) == {}
    assert calls(generator) == [0, 0, 0]


def test_forward_is_the_last_tap(generator: StagedGenerator) -> None:
    assert generator(torch.zeros(1, 2, 2, 2)).max().item() == 3


def test_state_dict_keys_carry_the_names_of_the_stages() -> None:
    generator = StagedGenerator(1, [("first", nn.Conv2d(1, 1, 1), 1), ("out", nn.Identity(), 1)], multiple=1)
    assert list(generator.state_dict()) == ["stages.first.weight", "stages.first.bias"]


def test_an_unknown_tap_names_the_nearest(generator: StagedGenerator) -> None:
    with pytest.raises(ValueError, match=r"StagedGenerator has no tap 'secnd'\. Nearest: 'second'"):
        generator.trace(torch.zeros(1, 2, 2, 2), ["secnd"])
    with pytest.raises(ValueError, match="no tap 'frist'"):
        generator.widths(["frist"])


def test_a_tap_that_looks_like_none_gets_the_list(generator: StagedGenerator) -> None:
    with pytest.raises(ValueError, match=r"no tap 'zzz'\. It has: first, second, out"):
        generator.widths(["zzz"])


def test_a_size_that_cannot_be_divided_is_refused_before_anything_runs(generator: StagedGenerator) -> None:
    with pytest.raises(ShapeError, match="multiples of 2, got 4 x 3"):
        generator(torch.zeros(1, 2, 4, 3))
    assert calls(generator) == [0, 0, 0]
