"""Memory of a training step, estimated and measured: `python tools/bench_memory.py cut/horse2zebra enco/horse2zebra`.

For each config, size, batch and precision, with and without activation checkpointing, a line has the estimate of
`i2ikit check`, the measured peak of real steps, and their ratio; the last column is the measured peak with
checkpointing divided by the one without. Both sides of a ratio run one after the other on this machine.

What is measured: on CUDA what torch's allocator held at most (torch.cuda.max_memory_allocated). On the CPU, in a fresh
process for each line, the growth of the process's resident memory from before the networks are made to its peak in
three steps (VmHWM - VmRSS of /proc/self/status, so Linux only). That includes the work space of single operations,
which the estimate leaves out. Before that a step on tiny images loads what torch loads at its first use, and the C
library is set to release freed memory at once (MALLOC_MMAP_THRESHOLD_), as it would for one large image; left to
itself it keeps some, and a process may seem up to a third larger. Images are random numbers; no data is read.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import torch

from i2ikit.build import Builder
from i2ikit.config import find_config, resolve_config
from i2ikit.config.batch import batch_shapes
from i2ikit.config.trial import build_trial_model
from i2ikit.data.randomness import seed_step
from i2ikit.distributed.device import pick_device
from i2ikit.engine.execution import set_execution
from i2ikit.engine.hooks.step_times import process_memory
from i2ikit.engine.optim import PhaseUpdater, build_optimizers
from i2ikit.engine.runner import RunnerModel
from i2ikit.nn.recompute import checkpoint_activations
from i2ikit.profiling.step import step_cost
from i2ikit.translation import Progress, build_model

STEPS = 3
TINY = 32  # pixels
MB = 2**20


def main() -> None:
    """Print the table, or measure one line of it in the process that was started for that."""
    options = _options()
    if options.measure:
        print(json.dumps(measure(json.loads(options.measure), options.device)))
        return
    print(f"{'config':24}{'size':>5}{'batch':>6}{'precision':>10}{'checkpointing':>14}", end="")
    print(f"{'estimated':>12}{'measured':>12}{'ratio':>7}{'with/without':>13}")
    for name, size, batch, precision in product(options.configs, options.sizes, options.batches, options.precisions):
        plain = None
        for checkpointing in (False, True):
            config = _config(name, size, batch, precision, checkpointing)
            model, _ = build_trial_model(config)
            assert model is not None, "the config was checked"
            shapes = batch_shapes(config, model)
            estimated = step_cost(config, shapes).peak
            measured = _in_fresh_process(config, shapes, options.device)
            ratio = f"{measured / plain:.2f}" if plain else ""
            print(f"{name:24}{size:5}{batch:6}{precision:>10}{'on' if checkpointing else 'off':>14}", end="")
            print(f"{estimated / MB:9.0f} MB{measured / MB:9.0f} MB{estimated / measured:7.2f}{ratio:>13}", flush=True)
            plain = measured


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("configs", nargs="*", default=["cyclegan/horse2zebra", "cut/horse2zebra", "enco/horse2zebra"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256], help="pixels of a square crop")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    return parser.parse_args()


def _config(name: str, size: int, batch: int, precision: str, checkpointing: bool) -> dict[str, Any]:
    changes = {
        "data.crop_size": size,
        "data.load_size": size,
        "data.batch_size": batch,
        "train.precision": precision,
        "train.checkpoint_activations": checkpointing,
    }
    return resolve_config(find_config(name), [f"{key}={value}" for key, value in changes.items()])


def _in_fresh_process(config: Mapping[str, Any], shapes: Mapping[str, Any], device: str) -> int:
    """Return the measured bytes; the process has one thread, as a test or a benchmark on a shared machine would."""
    line = json.dumps({"config": config, "shapes": shapes})
    command = [sys.executable, str(Path(__file__).resolve()), "--device", device, "--measure", line]
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(MB)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"the measurement failed:\n{done.stderr}")
    return int(json.loads(done.stdout.splitlines()[-1]))


def measure(line: Mapping[str, Any], device_name: str) -> int:
    """Return the peak of real training steps in bytes.

    Args:
        line: ``config``, resolved, and ``shapes`` of the batch by domain.
        device_name: as for `i2ikit train --device`.
    """
    config, device = line["config"], pick_device(device_name)
    tiny = {name: (shape[0], shape[1], TINY, TINY) for name, shape in line["shapes"].items()}
    _train(config, tiny, device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        _train(config, line["shapes"], device)
        return torch.cuda.max_memory_allocated(device)
    gc.collect()
    before = process_memory("VmRSS")
    _train(config, line["shapes"], device)
    peak = process_memory("VmHWM")
    if before is None or peak is None:
        raise SystemExit("this system does not report the memory of a process: measure on Linux, or with --device cuda")
    return peak - before


def _train(config: Mapping[str, Any], shapes: Mapping[str, Any], device: torch.device) -> None:
    """Train a few steps on random images, as a run would, and forget everything."""
    model = build_model(config["model"], Builder())
    assert model is not None, "the config was checked"
    if config["train"]["checkpoint_activations"]:
        checkpoint_activations(model)
    set_execution(model, config["train"], device)
    optimizers = build_optimizers(model.phases, model.networks, config["optimizer"])
    runner_model, update = RunnerModel(model, device, seed=0), PhaseUpdater(optimizers)
    for step in range(1, STEPS + 1):
        runner_model.progress = Progress(1, step, STEPS, STEPS)
        seed_step(0, step, device)
        runner_model.train_step(list(_batches(shapes, config["train"]["accumulate"])), update)


def _batches(shapes: Mapping[str, Any], count: int) -> Iterator[dict[str, torch.Tensor]]:
    for _ in range(count):
        yield {name: torch.rand(*shape) * 2 - 1 for name, shape in shapes.items()}


if __name__ == "__main__":
    main()
