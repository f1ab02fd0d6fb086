"""Checks i2ikit on a GPU in at most 8 minutes: is it right there, and how fast.

    python tools/gpu_check.py --output gpu_check

Each check is a process of its own with a time limit: one that fails, hangs or crashes ends no other. The results are
printed as a table, and written as OUTPUT.json and OUTPUT.md. `--device cpu --quick` tries out the checks themselves, in
a minute, on tiny networks. Exit code 1: a check failed.
"""

import argparse
import json
import math
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

import parity
from bench_step import Side

from i2ikit import Translator, load_config
from i2ikit.build import Builder
from i2ikit.config.batch import batch_shapes
from i2ikit.config.sections import with_defaults
from i2ikit.datasets.unpaired_folders import UnpairedFolders
from i2ikit.distributed.device import batch_to_device
from i2ikit.engine.data import build_train_loader
from i2ikit.engine.train import train
from i2ikit.profiling.step import step_cost
from i2ikit.transforms.resize_crop_flip import ResizeCropFlip
from i2ikit.translation.build import build_model

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "parity" / "cases"
SMALL = ["data.load_size=32", "data.crop_size=32"]


@dataclass(frozen=True)
class Setting:
    """Where and how thoroughly to check.

    Attributes:
        device: "cuda" or "cpu".
        quick: tiny networks and few steps.
    """

    device: str
    quick: bool

    def config(self, name: str, *changes: str) -> dict[str, Any]:
        """Return a packaged config; tiny where it has to be quick."""
        return load_config(name, set=[*(SMALL if self.quick else ["data.crop_size=256"]), *changes])

    def side(self, config: Mapping[str, Any], **changes: Any) -> Side:
        """Return a model that trains on one batch."""
        changed = {**config, "train": {**config["train"], **changes}}
        shapes = batch_shapes(changed, build_model(changed["model"], Builder()))
        return Side(changed, shapes, torch.device(self.device), plain=False)


Result = dict[str, Any]  # "passed", and what was measured


def machine(setting: Setting) -> Result:
    """Name the device and the versions."""
    found: Result = {"torch": torch.__version__, "python": platform.python_version()}
    if setting.device == "cuda":
        name = torch.cuda.get_device_properties(0)
        found |= {"card": name.name, "memory_gb": round(name.total_memory / 1e9, 1), "cuda": torch.version.cuda}
        found["cudnn"] = torch.backends.cudnn.version()
    return {"passed": True, **found}


def recorded_steps(setting: Setting) -> Result:
    """Replay recorded steps of the published code in float64."""
    names = ["cyclegan"] if setting.quick else sorted(path.name for path in CASES.iterdir())
    errors = {name: parity.replay(parity.Case.read(CASES / name), setting.device) for name in names}
    worst = {name: found.worst()["losses"] for name, found in errors.items()}
    return {"passed": all(found.passed() for found in errors.values()), "worst_error_of_losses": worst}


def precisions(setting: Setting) -> Result:
    """Compare the losses of the last half of 100 steps with those in fp32."""
    steps = 6 if setting.quick else 100
    config = setting.config("cut/stripes", *(["data.crop_size=32"] if setting.quick else ["data.crop_size=128"]))
    names = ["fp32", "bf16"] + (["tf32", "fp16"] if setting.device == "cuda" else [])
    means = {}
    for name in names:
        side = setting.side(config, precision=name)
        losses = [side.step() for _ in range(steps)][steps // 2 :]
        means[name] = {key: statistics.fmean(each[key].item() for each in losses) for key in losses[0]}
    off = {
        name: max(abs(means[name][key] - value) / max(abs(value), 0.1) for key, value in means["fp32"].items())
        for name in names[1:]
    }
    return {
        "passed": all(value < (1 if setting.quick else 0.25) for value in off.values()),
        "largest_relative_difference": off,
    }


def ways_to_run(setting: Setting) -> Result:
    """Compare seconds and losses of a step as usual, compiled, and as a CUDA graph."""
    warm, timed = (5, 3) if setting.quick else (8, 20)
    ways: dict[str, dict[str, bool]] = {"usual": {}, "compile": {"compile": True}, "cuda_graph": {"cuda_graph": True}}
    found: Result = {"passed": True}
    for name, precision in [("cut/horse2zebra", "fp32"), ("cut/horse2zebra", "bf16"), ("enco/horse2zebra", "bf16")]:
        tiny = ["model.generators.ab.filters=4", "model.discriminators.b.filters=4"] if setting.quick else []
        config = setting.config(name, *tiny, f"train.precision={precision}")
        seconds, first = {}, {}
        for way, changes in ways.items():
            side = setting.side(config, **changes)
            losses = [side.step() for _ in range(warm)]
            first[way] = {key: value.item() for key, value in losses[-1].items()}
            seconds[way] = statistics.median(side.seconds() for _ in range(timed))
            del side
        tolerance = 1e-3 if precision == "fp32" else 0.1
        equal = {
            way: all(math.isclose(first[way][key], value, rel_tol=tolerance, abs_tol=tolerance) for key, value in
                     first["usual"].items())
            for way in ways
        }  # fmt: skip
        ratio = {way: seconds["usual"] / value for way, value in seconds.items()}
        found[f"{name} {precision}"] = {"seconds": seconds, "usual / this": ratio, "equal_losses": equal}
        found["passed"] &= all(equal.values())
    return found


def communication(setting: Setting) -> Result:
    """Exchange tensors in a group of one process: by NCCL on CUDA."""
    backend = "nccl" if setting.device == "cuda" else "gloo"
    with tempfile.TemporaryDirectory() as folder:
        dist.init_process_group(backend, init_method=f"file://{folder}/store", rank=0, world_size=1)
        values = torch.arange(1000.0, device=setting.device)
        dist.all_reduce(values)
        dist.broadcast(values, 0)
        equal = torch.equal(values.cpu(), torch.arange(1000.0))
        dist.destroy_process_group()
    return {"passed": equal, "backend": backend}


def memory(setting: Setting) -> Result:
    """Compare the peak of a step with the estimate."""
    found: Result = {"passed": True}
    for name in ["cut/stripes"] if setting.quick else ["cut/horse2zebra", "cyclegan/horse2zebra"]:
        config = setting.config(name)
        side = setting.side(config)
        side.step()
        shapes = batch_shapes(config, build_model(config["model"], Builder()))
        estimate, peak = step_cost(config, shapes).peak, side.peak()
        found[name] = {"peak_mb": round(peak / 1e6), "estimate_mb": round(estimate / 1e6)}
        found["passed"] &= 0.5 < peak / estimate < 2
    return found


def data_loading(setting: Setting) -> Result:
    """Count the images that decode, resize, crop and reach the device in a second."""
    count, size = (8, 64) if setting.quick else (400, 256)
    with tempfile.TemporaryDirectory() as folder:
        photos(Path(folder), ["trainA", "trainB"], count, size)
        dataset = UnpairedFolders(folder, transform=ResizeCropFlip(size + 30, size))
        data = with_defaults({"data": {"workers": 0 if setting.quick else 4}})["data"]
        loader = build_train_loader(dataset, data, 0, pin=setting.device == "cuda")
        loader.start(1)
        batches = iter(loader)
        next(batches)
        start, done = time.perf_counter(), 0
        for batch in batches:
            moved = batch_to_device(batch, torch.device(setting.device))
            done += len(moved["a"]) + len(moved["b"])
        if setting.device == "cuda":
            torch.cuda.synchronize()
        return {"passed": done > 0, "images_per_second": round(done / (time.perf_counter() - start), 1), "size": size}


def translation(setting: Setting) -> Result:
    """Count the images that are translated and written in a second."""
    count, size = (3, 64) if setting.quick else (200, 256)
    config = setting.config("cut/stripes" if setting.quick else "cut/horse2zebra")
    model = build_model(config["model"], Builder())
    assert model is not None, "the config was checked"
    with tempfile.TemporaryDirectory() as folder:
        photos(Path(folder), ["in"], count, size)
        translator = Translator(model.generators["ab"].eval(), setting.device)
        translator.folder(Path(folder) / "in", Path(folder) / "warm")
        start = time.perf_counter()
        written = translator.folder(Path(folder) / "in", Path(folder) / "out")
        seconds = time.perf_counter() - start
    return {"passed": written == count, "images_per_second": round(count / seconds, 1), "size": size}


def quality(setting: Setting) -> Result:
    """Train on the embedded data set, and measure the output."""
    steps = 2 if setting.quick else 1500
    changes = ["data.workers=0", "data.test.count=8", "samples.count=1", "samples.gallery=1"] if setting.quick else []
    config = load_config("cut/stripes", set=changes)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        result = train(config, work_dir=Path(folder) / "run", device=setting.device, max_steps=steps)
        seconds = time.perf_counter() - start
    finite = all(math.isfinite(value) for value in result.metrics.values())
    return {"passed": finite and result.step == steps, "seconds": round(seconds, 1), "metrics": result.metrics}


CHECKS: dict[str, tuple[Callable[[Setting], Result], int]] = {  # with the most seconds
    "machine": (machine, 40),
    "recorded steps": (recorded_steps, 60),
    "precisions": (precisions, 60),
    "ways to run": (ways_to_run, 150),
    "communication": (communication, 30),
    "memory": (memory, 40),
    "data loading": (data_loading, 40),
    "translation": (translation, 40),
    "quality": (quality, 120),
}
LONGEST = 480  # seconds of all checks; those that are left then are not made


def photos(root: Path, folders: Sequence[str], count: int, size: int) -> None:
    """Write smooth random images as JPEG files."""
    random = np.random.default_rng(0)
    for folder in folders:
        (root / folder).mkdir()
        for number in range(count):
            coarse = Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8))
            coarse.resize((size, size), Image.Resampling.BICUBIC).save(root / folder / f"{number}.jpg")


def isolated(name: str, setting: Setting, seconds: float) -> Result:
    """Make a check in a process of its own; whatever happens there is a result."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        command = [sys.executable, __file__, "--device", setting.device, "--only", name, "--output", str(path)]
        try:
            done = subprocess.run(
                [*command, *(["--quick"] if setting.quick else [])], capture_output=True, text=True, timeout=seconds
            )
            told = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            found = json.loads(path.read_text()) if path.exists() else {"passed": False, "error": told[-1]}
        except subprocess.TimeoutExpired:
            found = {"passed": False, "error": f"took more than {seconds:.0f} s"}
    return {**found, "took": round(time.perf_counter() - start, 1)}


def check_all(setting: Setting, names: Sequence[str]) -> dict[str, Result]:
    """Make the checks one after the other, as long as there is time."""
    end = time.perf_counter() + LONGEST
    results: dict[str, Result] = {}
    for name in names:
        left = min(end - time.perf_counter(), CHECKS[name][1])
        results[name] = isolated(name, setting, left) if left > 0 else {"passed": False, "error": "no time was left"}
        print(f"{name}: {'passed' if results[name]['passed'] else 'FAILED'}", flush=True)
    return results


def table(results: Mapping[str, Result]) -> str:
    """Return the results as a Markdown table."""
    lines = ["| check | | result |", "| --- | --- | --- |"]
    for name, result in results.items():
        rest = {key: value for key, value in result.items() if key != "passed"}
        lines.append(f"| {name} | {'passed' if result['passed'] else '**failed**'} | {_shown(rest)} |")
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(
            f"{key}: ({_shown(item)})" if isinstance(item, Mapping) else f"{key}: {_shown(item)}"
            for key, item in value.items()
        )
    return f"{value:.3g}" if isinstance(value, float) else str(value).replace("|", "/")


def main() -> int:
    """Make all checks, or one for :func:`isolated`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--quick", action="store_true", help="tiny networks and few steps: tries out the checks")
    parser.add_argument("--checks", nargs="+", default=list(CHECKS), choices=list(CHECKS), metavar="NAME")
    parser.add_argument("--only", choices=list(CHECKS), metavar="NAME", help="make one check here, without a table")
    parser.add_argument("--output", type=Path, default=Path("gpu_check"))
    options = parser.parse_args()
    setting = Setting(options.device, options.quick)
    if options.only:
        options.output.write_text(json.dumps(CHECKS[options.only][0](setting)))
        return 0
    results = check_all(setting, options.checks)
    options.output.with_suffix(".json").write_text(json.dumps(results, indent=2))
    options.output.with_suffix(".md").write_text(table(results) + "\n")
    print(table(results))
    return 0 if all(result["passed"] for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
