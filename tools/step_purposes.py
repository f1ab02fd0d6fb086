"""Where the seconds of a training step go, by purpose: measured, as a table, and drawn, for `tools/bench_step.py`."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

# what operations are for, by the beginning of their names; the first that fits
KINDS = {
    "convolution": (
        "aten::mkldnn_convolution",
        "aten::cudnn_convolution",
        "aten::convolution",
        "aten::_convolution",
        "aten::_nnpack_spatial_convolution",
    ),
    "norm": ("aten::native_batch_norm", "aten::cudnn_batch_norm", "aten::native_group_norm", "aten::instance_norm"),
    "padding": ("aten::reflection_pad", "aten::replication_pad", "aten::constant_pad", "aten::pad"),
    "resampling": ("aten::upsample", "aten::_upsample", "aten::avg_pool", "aten::grid_sampler"),
    "heads": ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm"),
    "sampling": ("aten::randperm", "aten::gather", "aten::index", "aten::sort", "aten::argsort", "aten::scatter"),
    "optimizer": ("aten::_foreach", "aten::_fused", "aten::lerp", "aten::addcdiv", "aten::addcmul", "aten::sqrt"),
    "finite check": ("aten::linalg_vector_norm", "aten::_local_scalar_dense", "aten::isfinite"),
}


def where_time_goes(step: Callable[[], object], device: torch.device, steps: int = 2) -> dict[str, float]:
    """Return the seconds of a step by purpose, as the profiler sees them; what no operation takes is Python's."""
    activities = [ProfilerActivity.CPU]
    on_gpu = device.type == "cuda"
    if on_gpu:
        activities.append(ProfilerActivity.CUDA)
    start = time.perf_counter()
    with profile(activities=activities) as found:
        for _ in range(steps):
            step()
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


def table(results: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table of seconds by configuration and purpose."""
    kinds = sorted({kind for found in results.values() for kind in found}, key=_order)
    lines = [f"| | {' | '.join(kinds)} |", f"| --- |{' ---: |' * len(kinds)}"]
    for name, found in results.items():
        lines.append(f"| {name} | {' | '.join(f'{found.get(kind, 0):.3f}' for kind in kinds)} |")
    return "\n".join(lines)


def _order(kind: str) -> int:
    return list(KINDS).index(kind) if kind in KINDS else len(KINDS)


def draw(results: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Draw the seconds by purpose as stacked bars; needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.5 * len(results)), layout="constrained")
    left = [0.0] * len(results)
    for kind in sorted({kind for found in results.values() for kind in found}, key=_order):
        widths = [found.get(kind, 0.0) for found in results.values()]
        axes.barh(list(results), widths, left=left, label=kind)
        left = [before + width for before, width in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.set_xlabel("seconds of a training step")
    axes.legend(fontsize="small", ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.15))
    figure.savefig(path, dpi=120)
