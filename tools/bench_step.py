"""Time of a training step beside plain execution and beside its convolutions alone.

    python tools/bench_step.py cut/horse2zebra enco/horse2zebra cyclegan/horse2zebra --sizes 128 --picture steps.png

All sides take turns in one process, round after round, so that other work on the machine slows all of them alike:

- *ours*: the config as `i2ikit train` runs it.
- *plain*: the same with train.plain=true: every read makes its own pass.
- *floor*: the convolutions of one of our steps alone, forward and backward, on inputs of the same sizes, each in the
  fastest way: in one of the two memory formats or, on CPUs, by the transforms of i2ikit.ops (`step_floor.py`). Norms,
  padding, losses and optimizers cost nothing there.

Ratios are medians of the rounds; the spread is the 10th to the 90th percentile of our seconds. Before timing, both
sides run one step from equal weights, and the tool stops if their losses differ. Memory is the most bytes of tensors
at once in a step, weights and optimizers included. A second table has the seconds by purpose, from the profiler
(`step_purposes.py`).
Images are random numbers; no data is read.
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import torch
from step_floor import Call, Convolutions, Floor, wait
from step_purposes import draw, table, where_time_goes
from torch import Tensor

from i2ikit.build import Builder
from i2ikit.config import find_config, resolve_config
from i2ikit.config.batch import batch_shapes
from i2ikit.data.randomness import seed_step
from i2ikit.distributed.device import batch_to_device, pick_device
from i2ikit.engine.execution import make_updater, network_precision, set_execution
from i2ikit.engine.graphed_steps import graphed_steps
from i2ikit.engine.optim import build_optimizers
from i2ikit.engine.runner import RunnerModel
from i2ikit.profiling.counters import StepCounter
from i2ikit.translation import Progress, build_model

LONG = 10**6  # steps of the run that the timed steps are part of
TOLERANCE = {"fp32": 1e-4, "tf32": 1e-2, "bf16": 5e-2, "fp16": 5e-2}  # of losses of the first step, relative
Shapes = Mapping[str, Sequence[int]]


class Side:
    """A model that trains on one batch, with its optimizers.

    Args:
        config: resolved.
        shapes: of the batch, by domain.
        device: of the model and the batch.
        plain: whether every read makes its own pass.
    """

    def __init__(self, config: Mapping[str, Any], shapes: Shapes, device: torch.device, *, plain: bool) -> None:
        torch.manual_seed(0)
        model = build_model(config["model"], Builder())
        assert model is not None, "the config was checked"
        train = {**config["train"], "plain": plain, "accumulate": 1}
        if plain:
            train |= {"compile": False, "cuda_graph": False}
        set_execution(model, train, device, note=print)
        optimizers = build_optimizers(model.phases, model.networks, config["optimizer"])
        self.update = make_updater(optimizers, train, device)
        self.runner = RunnerModel(model, device, 0, graphed_steps(model, self.update, train, device, print))
        random = torch.Generator().manual_seed(1)
        images = {name: torch.rand(*shape, generator=random) * 2 - 1 for name, shape in shapes.items()}
        self.batch, self.device, self.steps = batch_to_device(images, device), device, 0
        self.precision = train["precision"]
        model.train()

    def step(self) -> dict[str, Tensor]:
        """Run a training step; return its losses."""
        self.steps += 1
        self.runner.progress = Progress(1, self.steps, LONG, LONG)
        seed_step(0, self.steps, self.device)
        losses = self.runner.train_step([self.batch], self.update)
        wait(self.device)
        return losses

    def convolutions(self) -> Mapping[Call, int]:
        """Run a step with PyTorch's own convolutions; return how often it runs each of them."""
        model = self.runner.translation
        fast, model.precision = model.precision, network_precision(self.precision, self.device)
        with Convolutions() as found:
            self.step()
        model.precision = fast
        return found.calls

    def seconds(self) -> float:
        """Return the seconds of a step."""
        start = time.perf_counter()
        self.step()
        return time.perf_counter() - start

    def peak(self) -> int:
        """Return the most bytes of tensors at once in a step; on CUDA, of the allocator."""
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            self.step()
            return torch.cuda.max_memory_allocated(self.device)
        held = sum(x.nbytes for x in self._tensors())
        with StepCounter() as counter:
            self.step()
        return held + counter.peak

    def _tensors(self) -> Iterable[Tensor]:
        yield from (value for value in self.runner.translation.state_dict().values() if isinstance(value, Tensor))
        for optimizer in self.update.optimizers.values():
            for state in optimizer.state.values():
                yield from (value for value in state.values() if isinstance(value, Tensor))


class Result(NamedTuple):
    """What was measured of a config at a size and precision.

    Attributes:
        ours, plain, floor: seconds of the rounds.
        peaks: bytes of ours and of plain.
        flop: floating-point operations of convolutions and matrix products in a step.
        rest: seconds of a step by purpose.
    """

    ours: list[float]
    plain: list[float]
    floor: list[float]
    peaks: tuple[int, int]
    flop: int
    rest: dict[str, float]


def measure(config: Mapping[str, Any], rounds: int, device: torch.device) -> Result:
    """Compare the sides of a resolved config.

    Raises:
        SystemExit: ours and plain compute different losses.
    """
    shapes = batch_shapes(config, build_model(config["model"], Builder()))
    ours, plain = (Side(config, shapes, device, plain=each) for each in (False, True))
    _compare(ours.step(), plain.step(), TOLERANCE[config["train"]["precision"]])
    peaks = ours.peak(), plain.peak()
    convolutions = ours.convolutions()
    with StepCounter() as counter:
        ours.step()
    floor = Floor(convolutions, device)
    floor.seconds()  # what is prepared at first use
    times = [(ours.seconds(), plain.seconds(), floor.seconds()) for _ in range(rounds)]
    first, second, third = (list(each) for each in zip(*times, strict=True))
    return Result(first, second, third, peaks, counter.operations, where_time_goes(ours.step, device))


def _compare(ours: Mapping[str, Tensor], plain: Mapping[str, Tensor], tolerance: float) -> None:
    for name, loss in ours.items():
        one, other = loss.item(), plain[name].item()
        if not math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance):
            raise SystemExit(f"{name} is {one} in our execution and {other} in the plain one: nothing was timed")


def main() -> None:
    """Measure, and print both tables."""
    options = _options()
    device = pick_device(options.device)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(f"{name}; torch {torch.__version__}; {options.rounds} rounds")
    print(
        "| config | size | precision | ours, s | spread | plain / ours | ours / floor | memory, MB (plain) | GFLOP/s |"
    )
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    results = {}
    for config, size, precision in product(options.configs, options.sizes, options.precisions):
        changes = {"data.crop_size": size, "data.load_size": size, "train.precision": precision}
        changed = resolve_config(find_config(config), [*(f"{k}={v}" for k, v in changes.items()), *options.overrides])
        found = measure(changed, options.rounds, device)
        results[f"{config} {size} {precision}"] = found
        print(_line(config, size, precision, found), flush=True)
    purposes = {name: found.rest for name, found in results.items()}
    print(f"\nSeconds of a step by purpose, profiled:\n{table(purposes)}")
    if options.picture:
        draw(purposes, options.picture)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("configs", nargs="*", default=["cut/horse2zebra", "enco/horse2zebra", "cyclegan/horse2zebra"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256], help="pixels of a square crop")
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"], choices=list(TOLERANCE))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="of PyTorch; by default its own choice")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the seconds by purpose")
    return parser.parse_args()


def _line(config: str, size: int, precision: str, found: Result) -> str:
    ours = statistics.median(found.ours)
    ordered = sorted(found.ours)
    low, high = ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10]
    plain = statistics.median(b / a for a, b in zip(found.ours, found.plain, strict=True))
    floor = statistics.median(a / b for a, b in zip(found.ours, found.floor, strict=True))
    memory = " ".join(f"{peak / 1e6:.0f}" for peak in found.peaks).replace(" ", " (") + ")"
    return (
        f"| {config} | {size} | {precision} | {ours:.3f} | {low:.3f}–{high:.3f} | {plain:.2f} | {floor:.2f} | {memory} "
        f"| {found.flop / ours / 1e9:.0f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
