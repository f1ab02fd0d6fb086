"""The comparison of a training step with plain execution and with its convolutions alone."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from i2ikit.config import find_config, resolve_config

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")
pytestmark = pytest.mark.slow  # trains steps


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "tools")
    return importlib.import_module("bench_step")


def config(name: str) -> dict[str, Any]:
    small = ["data.load_size=32", "data.crop_size=32", "model.generators.ab.filters=2"]
    return resolve_config(find_config(name), [*small, "model.discriminators.b.filters=2"])


def test_the_floor_counts_forward_and_backward_calls_of_each_convolution(bench) -> None:
    conv = torch.nn.Conv2d(2, 4, 3, padding=1, stride=2)
    image = torch.randn(1, 2, 8, 8)
    with bench.Convolutions() as found:
        (conv(image).sum() + conv(image).sum()).backward()
    assert {(call.image, call.weight, call.outputs): count for call, count in found.calls.items()} == {
        ((1, 2, 8, 8), (4, 2, 3, 3), None): 2,
        ((1, 2, 8, 8), (4, 2, 3, 3), (False, True, True)): 2,
    }
    assert bench.Floor(found.calls, CPU).seconds() > 0


def test_the_floor_takes_each_gradient_in_its_fastest_way(bench, monkeypatch) -> None:
    conv = torch.nn.Conv2d(128, 256, 3, padding=1)
    with bench.Convolutions() as found:
        conv(torch.randn(1, 128, 24, 26).requires_grad_(True)).sum().backward()
    floor = bench.Floor(found.calls, CPU)
    tried: list[tuple[str, float]] = []

    def seconds(operation, *arguments) -> float:
        operation(*arguments)  # of shapes that fit
        tried.append((operation.__name__, float(len(tried) + 1)))
        return tried[-1][1]

    monkeypatch.setattr(floor, "_seconds", seconds)
    assert floor.seconds() == 1 + 4 + 7  # forward, gradient of the image, gradient of the weights: the first of each
    assert [name for name, _ in tried] == [
        *("convolution", "convolution", "conv2d"),
        *("convolution_backward", "convolution_backward", "conv2d"),
        *("convolution_backward", "convolution_backward"),
    ]


def test_the_table_has_times_ratios_memory_and_purposes(bench, monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.setattr(bench, "resolve_config", lambda _path, _changes: config("cyclegan/stripes"))
    picture = tmp_path / "steps.png"
    arguments = [
        "cyclegan/stripes",
        "--sizes",
        "32",
        "--precisions",
        "fp32",
        "--rounds",
        "2",
        "--picture",
        str(picture),
    ]
    monkeypatch.setattr(sys, "argv", ["bench_step.py", *arguments])
    bench.main()
    lines = capsys.readouterr().out.splitlines()
    cells = [cell.strip() for cell in next(line for line in lines if "cyclegan/stripes | 32" in line).split("|")[1:-1]]
    assert cells[:3] == ["cyclegan/stripes", "32", "fp32"]
    assert all(float(cell) > 0 for cell in (cells[3], cells[5], cells[6]))
    assert any("convolution" in line and "norm" in line for line in lines)
    assert picture.stat().st_size > 0


def test_sides_whose_losses_differ_are_not_timed(bench, monkeypatch) -> None:
    step = bench.Side.step

    def different(side):
        losses = step(side)
        return {name: loss + side.runner.translation.plain for name, loss in losses.items()}

    monkeypatch.setattr(bench.Side, "step", different)
    with pytest.raises(SystemExit, match=r"d is .* in our execution and .* in the plain one: nothing was timed"):
        bench.measure(config("cut/stripes"), 1, CPU)
