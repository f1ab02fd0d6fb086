"""Time of a training step beside plain execution and beside its convolutions alone.

    python tools/bench_step.py cut/horse2zebra enco/horse2zebra cyclegan/horse2zebra --sizes 128 --picture steps.png

All sides take turns in one process, round after round, so that other work on the machine slows all of them alike:

- *ours*: the config as `i2ikit train` runs it.
- *plain*: the same with train.plain=true: every read makes its own pass.
- *floor*: the convolutions of one of our steps alone, forward and backward, on inputs of the same sizes, each in the
  fastest way: in one of the two memory formats or, on CPUs, by the transforms of i2ikit.ops.convolutions. Norms,
  padding, losses and optimizers cost nothing there.

Ratios are medians of the rounds; the spread is the 10th to the 90th percentile of our seconds. Before timing, both
sides run one step from equal weights, and the tool stops if their losses differ. Memory is the most bytes of tensors
at once in a step, weights and optimizers included. A second table has the seconds by purpose, from the profiler.
Images are random numbers; no data is read.
"""

import argparse
import math
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

from i2ikit.build import Builder
from i2ikit.config import find_config, resolve_config
from i2ikit.config.batch import batch_shapes
from i2ikit.data.randomness import seed_step
from i2ikit.distributed.device import batch_to_device, pick_device
from i2ikit.engine.execution import make_updater, set_execution
from i2ikit.engine.graphed_steps import graphed_steps
from i2ikit.engine.optim import build_optimizers
from i2ikit.engine.runner import RunnerModel
from i2ikit.ops.convolutions import fast_convolutions
from i2ikit.profiling.counters import StepCounter
from i2ikit.translation import Progress, build_model

LONG = 10**6  # steps of the run that the timed steps are part of
TOLERANCE = {"fp32": 1e-4, "tf32": 1e-2, "bf16": 5e-2, "fp16": 5e-2}  # of losses of the first step, relative
# what operations are for, by the beginning of their names; the first that fits
KINDS = {
    "convolution": (
        "aten::mkldnn_convolution",
        "aten::cudnn_convolution",
        "aten::convolution",
        "aten::_convolution",
        "aten::_nnpack_spatial_convolution",
    ),
    "norm": ("aten::native_batch_norm", "aten::cudnn_batch_norm", "aten::_batch_norm", "aten::instance_norm"),
    "padding": ("aten::reflection_pad", "aten::replication_pad", "aten::constant_pad", "aten::pad"),
    "resampling": ("aten::upsample", "aten::_upsample", "aten::avg_pool", "aten::grid_sampler"),
    "heads": ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm"),
    "sampling": ("aten::randperm", "aten::gather", "aten::index", "aten::sort", "aten::argsort", "aten::scatter"),
    "optimizer": ("aten::_foreach", "aten::_fused", "aten::lerp", "aten::addcdiv", "aten::addcmul", "aten::sqrt"),
    "finite check": ("aten::linalg_vector_norm", "aten::_local_scalar_dense", "aten::isfinite"),
}
Shapes = Mapping[str, Sequence[int]]


class Call(NamedTuple):
    """A convolution of a step: what its cost depends on.

    Attributes:
        image, weight: their shapes.
        options: stride, padding, dilation, transposed, output padding, groups.
        dtype: of both.
        outputs: the gradients that are wanted, of image, weight and bias; None: a forward call.
    """

    image: tuple[int, ...]
    weight: tuple[int, ...]
    options: tuple[Any, ...]
    dtype: torch.dtype
    outputs: tuple[bool, ...] | None


class Convolutions(TorchDispatchMode):
    """Counts the convolutions that are run while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[Call] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run one operation."""
        name = func._overloadpacket
        if name is torch.ops.aten.convolution:
            self._add(args[0], args[1], args[3:9], None)
        elif name is torch.ops.aten._nnpack_spatial_convolution:
            self._add(args[0], args[1], [[1, 1], list(args[3]), [1, 1], False, [0, 0], 1], None)
        elif name is torch.ops.aten.convolution_backward:
            self._add(args[1], args[2], args[4:10], tuple(args[10]))
        return func(*args, **(kwargs or {}))

    def _add(self, image: Tensor, weight: Tensor, options: Iterable[Any], outputs: tuple[bool, ...] | None) -> None:
        frozen = tuple(tuple(each) if isinstance(each, list) else each for each in options)
        self.calls[Call(tuple(image.shape), tuple(weight.shape), frozen, image.dtype, outputs)] += 1


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
        model.train()

    def step(self) -> dict[str, Tensor]:
        """Run a training step; return its losses."""
        self.steps += 1
        self.runner.progress = Progress(1, self.steps, LONG, LONG)
        seed_step(0, self.steps, self.device)
        losses = self.runner.train_step([self.batch], self.update)
        _wait(self.device)
        return losses

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


class Floor:
    """The convolutions of a step, each in the fastest way.

    Args:
        calls: how often each convolution is run.
        device: to run on.
    """

    def __init__(self, calls: Mapping[Call, int], device: torch.device) -> None:
        self.calls, self.device = calls, device

    def seconds(self) -> float:
        """Run each convolution once in each way; return the seconds of all calls of a step."""
        return sum(count * min(self._ways(call)) for call, count in self.calls.items())

    def _ways(self, call: Call) -> Iterable[float]:
        for layout in (torch.contiguous_format, torch.channels_last):
            yield self._time(call, layout)
        stride, padding, dilation, transposed, _, groups = call.options
        if call.outputs is None and not transposed:
            image, weight = (torch.randn(shape, device=self.device, dtype=call.dtype) for shape in call[:2])
            with torch.no_grad(), fast_convolutions("fp32", self.device)():
                yield self._seconds(F.conv2d, [image, weight, None, stride, padding, dilation, groups])

    def _time(self, call: Call, layout: torch.memory_format) -> float:
        image = torch.randn(call.image, device=self.device, dtype=call.dtype).contiguous(memory_format=layout)
        weight = torch.randn(call.weight, device=self.device, dtype=call.dtype).contiguous(memory_format=layout)
        forward = [image, weight, None, *call.options]
        if call.outputs is None:
            return self._seconds(torch.ops.aten.convolution, forward)
        output = torch.ops.aten.convolution(*forward)
        transposed, weights = call.options[3], call.weight
        bias = [weights[1] * call.options[5] if transposed else weights[0]]
        gradient = torch.randn_like(output)
        backward = [gradient, image, weight, bias, *call.options, list(call.outputs)]
        return self._seconds(torch.ops.aten.convolution_backward, backward)

    def _seconds(self, operation: Any, arguments: Sequence[Any]) -> float:
        _wait(self.device)
        start = time.perf_counter()
        operation(*arguments)
        _wait(self.device)
        return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


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
    with Convolutions() as convolutions:
        ours.step()
    with StepCounter() as counter:
        ours.step()
    floor = Floor(convolutions.calls, device)
    floor.seconds()  # what is prepared at first use
    times = [(ours.seconds(), plain.seconds(), floor.seconds()) for _ in range(rounds)]
    first, second, third = (list(each) for each in zip(*times, strict=True))
    return Result(first, second, third, peaks, counter.operations, where_time_goes(ours))


def _compare(ours: Mapping[str, Tensor], plain: Mapping[str, Tensor], tolerance: float) -> None:
    for name, loss in ours.items():
        one, other = loss.item(), plain[name].item()
        if not math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance):
            raise SystemExit(f"{name} is {one} in our execution and {other} in the plain one: nothing was timed")


def where_time_goes(side: Side, steps: int = 2) -> dict[str, float]:
    """Return the seconds of a step by purpose, as the profiler sees them; what no operation takes is Python's."""
    activities = [ProfilerActivity.CPU]
    on_gpu = side.device.type == "cuda"
    if on_gpu:
        activities.append(ProfilerActivity.CUDA)
    start = time.perf_counter()
    with profile(activities=activities) as found:
        for _ in range(steps):
            side.step()
    total = time.perf_counter() - start
    seconds: defaultdict[str, float] = defaultdict(float)
    for event in found.key_averages():
        taken = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        seconds[_purpose(event.key)] += taken / 1e6 / steps
    seconds["Python, waiting"] += max(0.0, total / steps - sum(seconds.values()))
    return dict(seconds)


def _purpose(operation: str) -> str:
    if not operation.startswith("aten::"):
        return "autograd and optimizer calls"
    return next((kind for kind, names in KINDS.items() if operation.startswith(names)), "element-wise, copies")


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
    print(f"\nSeconds of a step by purpose, profiled:\n{_rest_table(results)}")
    if options.picture:
        draw(results, options.picture)


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


def _rest_table(results: Mapping[str, Result]) -> str:
    kinds = sorted({kind for found in results.values() for kind in found.rest}, key=_order)
    lines = [f"| | {' | '.join(kinds)} |", f"| --- |{' ---: |' * len(kinds)}"]
    for name, found in results.items():
        lines.append(f"| {name} | {' | '.join(f'{found.rest.get(kind, 0):.3f}' for kind in kinds)} |")
    return "\n".join(lines)


def _order(kind: str) -> int:
    return list(KINDS).index(kind) if kind in KINDS else len(KINDS)


def draw(results: Mapping[str, Result], path: Path) -> None:
    """Draw the seconds by purpose as stacked bars; needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.5 * len(results)), layout="constrained")
    left = [0.0] * len(results)
    for kind in sorted({kind for found in results.values() for kind in found.rest}, key=_order):
        widths = [found.rest.get(kind, 0.0) for found in results.values()]
        axes.barh(list(results), widths, left=left, label=kind)
        left = [before + width for before, width in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.set_xlabel("seconds of a training step")
    axes.legend(fontsize="small", ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.15))
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    sys.exit(main())
