"""Kill trainings at random moments, resume them, and compare: `python tools/chaos.py --kills 30 --config cut enco`.

Each config is trained once without an interruption, on small networks and 16-pixel scenes. Then it is trained in
processes that are killed (SIGKILL) at random: while they start or resume, between two checkpoints, and while a
checkpoint is written. Each is resumed until it is done, and its last checkpoint compared with the uninterrupted one,
bit for bit: networks, optimizers, image pools, memory banks, averages, states of hooks. Last line of each config:
'N kills, N resumes, equal: yes/no'. The exit code is 0 if all are equal.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.backends.backend_agg  # noqa: F401  mmengine's runner imports it; once here, not in each child
import torch
from torch import Tensor

from i2ikit.config import find_config, resolve_config
from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
from i2ikit.engine.train import train
from i2ikit.files import TEMPORARY
from i2ikit.work_dir import WorkDir

METHODS = {
    **{name: f"{name}/stripes" for name in ("cyclegan", "cut", "fastcut", "enco", "enco_contrastive", "dclgan")},
    **{name: f"{name}/horse2zebra" for name in ("simdcl", "cut_memory_bank")},
    **{name: f"{name}/single_image_monet_etretat" for name in ("sincut", "sinenco")},
}
SMALL = {"filters": 4, "dim": 8, "num": 8}  # wherever a part has such an argument and more of it
STEPS, EVERY = 14, 3  # the scenes make epochs of 5 steps, so that runs end in the middle of one
MOMENTS = ("start", "step", "write")
TIMEOUT = 300  # seconds after which a child counts as hanging
POLL = 0.0005  # seconds between checks


def shrink(config: Any, key: str = "") -> Any:
    """Return the parts of a config with few filters, positions and keys, so that a step takes milliseconds."""
    if isinstance(config, list):
        return [shrink(item) for item in config]
    if not isinstance(config, Mapping):
        return min(config, SMALL[key]) if key in SMALL and isinstance(config, int) else config
    small = {name: shrink(value, name) for name, value in config.items()}
    kind = str(config.get("type"))
    if kind.endswith(("Generator", "Discriminator")):
        small["filters"] = SMALL["filters"]
    if kind.startswith("PatchGAN"):
        small["layers"] = 1
    if kind.startswith("StyleGAN2"):
        small |= {"filters": 1, "size": 16}
    if kind in ("MemoryBank", "ImagePool"):
        small["size"] = 20 if kind == "MemoryBank" else 3
    return small


def small_config(name: str, *, workers: int = 0, seed: int = 0) -> dict[str, Any]:
    """Return a small copy of a method's config, which reads the embedded data set.

    Args:
        name: of a method, a packaged config, or a file.
        workers: of the loader, >= 0.
        seed: of the run.
    """
    config = resolve_config(find_config(METHODS.get(name, name)), [], None)
    scenes = {"type": "Stripes", "split": "train", "count": 5, "load_size": 20}
    transform = {"type": "ResizeCropFlip", "load_size": 20, "crop_size": 16}
    return {
        "model": shrink(config["model"]),
        "optimizer": config["optimizer"],
        "data": {"batch_size": 1, "workers": workers, "train": {**scenes, "transform": transform}},
        "schedule": {"type": "StepwiseLinearDecay", "start": 0.5},
        "train": {"steps": STEPS},
        "log": {"every": 2},
        "checkpoint": {"every": EVERY, "keep": 2},
        "seed": seed,
    }


def difference(one: Any, other: Any, key: str = "") -> str:
    """Return the key of the first difference of nested plain data, tensors compared bit for bit; empty: none."""
    if isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
        pairs = [(f"{key}.{name}", one[name], other[name]) for name in one]
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        pairs = [(f"{key}.{index}", *pair) for index, pair in enumerate(zip(one, other, strict=True))]
    elif isinstance(one, Tensor) and isinstance(other, Tensor):
        return "" if one.dtype == other.dtype and torch.equal(one, other) else key
    else:
        return "" if one == other else f"{key}: {one!r} and {other!r}"[:300]
    return next((found for where, left, right in pairs if (found := difference(left, right, where))), "")


def final_state(folder: Path) -> dict[str, Any]:
    """Return everything of the last checkpoint in which a resumed run and an uninterrupted one have to agree."""
    checkpoint = read_checkpoint(WorkDir(folder).list_checkpoints()[-1])
    return {
        "model": checkpoint.model,
        "optimizers": checkpoint.optimizers,
        "progress": checkpoint.progress,
        "hooks": checkpoint.extra["hooks"],
        "log": [
            (line["step"], line["lr"], line["losses"])
            for line in map(json.loads, (folder / "log.jsonl").read_text().splitlines())
            if "losses" in line
        ],
    }


def start(config: Mapping[str, Any], folder: Path) -> int:
    """Train in a child of this process, which has torch already; return its process id. It resumes where it can."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        train(config, work_dir=folder, resume=bool(WorkDir(folder).list_checkpoints()))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(child: int) -> bool:
    """Return whether a child has ended.

    Raises:
        RuntimeError: it failed by itself.
    """
    found, status = os.waitpid(child, os.WNOHANG)
    if found and status:
        raise RuntimeError(f"a training failed by itself, with status {status}; see its message above")
    return bool(found)


@dataclass
class Killer:
    """Kills children one after the other, each at a random moment.

    Attributes:
        rng: of the moments.
        pace: seconds of an uninterrupted run.
        kills: number of killed children.
        writes: how many of them were writing a checkpoint.
    """

    rng: random.Random
    pace: float
    kills: int = 0
    writes: int = 0

    def kill(self, child: int, folder: Path) -> bool:
        """Kill a child at a random moment; return whether it finished before."""
        moment = MOMENTS[self.kills % len(MOMENTS)]
        if moment == "start":
            wait, since = self.rng.uniform(0, 0.5 * self.pace), "start"
        elif moment == "step":
            wait, since = self.rng.uniform(0, 0.3 * self.pace), "step"
        else:
            wait, since = self.rng.choice([0.0, self.rng.uniform(0, 0.004)]), "write"
        if self._wait(child, folder, since) or self._sleep(child, wait):
            return True
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            return True
        self.kills += 1
        self.writes += any((folder / "checkpoints").glob(f".*{TEMPORARY}"))
        return False

    def _wait(self, child: int, folder: Path, what: str) -> bool:
        """Wait until a step of this child is logged, or it starts to write a checkpoint; return whether it ended."""
        if what == "start":
            return False
        log, before, end = folder / "log.jsonl", None, time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if what == "write" and _is_writing(folder / "checkpoints"):
                return False
            if what == "step":
                size = log.stat().st_size if log.exists() else 0
                if before is not None and size > before > 0:
                    return False
                before = size if before is None or size < before else before or size
            if ended(child):
                return True
            time.sleep(POLL)
        raise RuntimeError("a training hangs")

    @staticmethod
    def _sleep(child: int, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if ended(child):
                return True
            time.sleep(POLL)
        return False


def _is_writing(folder: Path) -> bool:
    with suppress(FileNotFoundError):
        return any(name.endswith(TEMPORARY) for name in os.listdir(folder))
    return False


def run_to_end(config: Mapping[str, Any], folder: Path) -> float:
    """Train or resume without an interruption; return the seconds."""
    begin, child = time.monotonic(), start(config, folder)
    while not ended(child):
        time.sleep(POLL)
    return time.monotonic() - begin


def torment(config: Mapping[str, Any], kills: int, folder: Path, seed: int) -> tuple[Killer, int, list[str]]:
    """Kill and resume trainings of one config ``kills`` times.

    Returns:
        the killer, the number of runs, and their differences from the uninterrupted one.
    """
    pace = run_to_end(config, folder / "uninterrupted")
    expected = final_state(folder / "uninterrupted")
    killer, runs, found = Killer(random.Random(seed), pace), 0, []
    while killer.kills < kills:
        runs += 1
        work_dir = folder / f"run_{runs}"
        while killer.kills < kills and not killer.kill(start(config, work_dir), work_dir):
            pass
        run_to_end(config, work_dir)
        found += [
            difference(final_state(work_dir), expected),
            *(str(path) for path in work_dir.rglob(f".*{TEMPORARY}")),
        ]
    return killer, runs, [text for text in found if text]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30, help="of each config")
    parser.add_argument("--config", nargs="+", default=["cut", "enco", "cyclegan"], help=f"of {', '.join(METHODS)}")
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2], help="data-loading workers")
    parser.add_argument("--seed", type=int, default=0, help="of the kills and of the runs")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # before the first fork: a child has none of its parent's threads
    all_equal = True
    for name in options.config:
        for workers in options.workers:
            config = small_config(name, workers=workers, seed=options.seed)
            with tempfile.TemporaryDirectory(prefix="chaos_") as folder:
                killer, runs, different = torment(config, options.kills, Path(folder), options.seed)
            print(f"{name}, {workers} workers: {killer.writes} kills while a checkpoint was written, {runs} runs")
            print("".join(f"  different: {text}\n" for text in different), end="")
            print(f"{killer.kills} kills, {killer.kills} resumes, equal: {'no' if different else 'yes'}", flush=True)
            all_equal = all_equal and not different
    return 0 if all_equal else 1


if __name__ == "__main__":
    sys.exit(main())
