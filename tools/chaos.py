"""Kill trainings at random moments, resume them, and compare: `python tools/chaos.py --kills 30 --config cut enco`.

Each config is trained once without an interruption, on small networks and 16-pixel scenes. Then it is trained in
processes that are killed (SIGKILL) at random: at a system call on a file of the run, while they start or resume,
between two checkpoints, and while a checkpoint is written. Each is resumed until it is done, and compared with the
uninterrupted one, bit for bit: the last checkpoint and ``best.pt`` (networks, optimizers, image pools, memory banks,
averages, states of hooks), the log, the samples, the HTML report, and which files there are. Last line of each
config: 'N kills, N resumes, equal: yes/no'. The exit code is 0 if all are equal.
"""

import argparse
import io
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib.backends.backend_agg  # noqa: F401  mmengine's runner imports it; once here, not in each child
import torch
from torch import Tensor

from i2ikit.api import train
from i2ikit.config import find_config, load_config
from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
from i2ikit.files import TEMPORARY
from i2ikit.work_dir import WorkDir

METHODS = {
    **{name: f"{name}/stripes" for name in ("cyclegan", "cut", "fastcut", "enco", "enco_contrastive", "dclgan")},
    **{name: f"{name}/horse2zebra" for name in ("simdcl", "cut_memory_bank")},
    **{name: f"{name}/single_image_monet_etretat" for name in ("sincut", "sinenco")},
}
SMALL = {"filters": 4, "dim": 8, "num": 8}  # wherever a part has such an argument and more of it
STEPS, EVERY = 14, 3  # the scenes make epochs of 5 steps, so that runs end in the middle of one
MOMENTS = ("call", "start", "call", "step", "call", "write")
FAILED = "a training failed by itself, with status {}; see its message above"
OF_TIME = re.compile(r"<div><dt>(Time|Speed)</dt><dd>[^<]*</dd></div>")  # of the report: no two runs take equal times
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
    config = load_config(find_config(METHODS.get(name, name)))
    scenes = {"type": "Stripes", "split": "train", "count": 5, "load_size": 20}
    transform = {"type": "ResizeCropFlip", "load_size": 20, "crop_size": 16}
    further = {key: value for key, value in config["data"]["train"].items() if key == "extra"}
    return {
        "model": shrink(config["model"]),
        "optimizer": config["optimizer"],
        "data": {
            "batch_size": 1,
            "workers": workers,
            "train": {**scenes, **further, "transform": transform},
            "test": {"type": "Stripes", "split": "test", "count": 3, "load_size": 16},
        },
        "schedule": {"type": "StepwiseLinearDecay", "start": 0.5},
        "train": {"steps": STEPS},
        "log": {"every": 2},
        "checkpoint": {"every": EVERY, "keep": 2},
        "samples": {"every": 5, "count": 2, "gallery": 3},
        "metrics": {"psnr": {"type": "PSNR"}},
        "evaluation": {"every": 4, "metric": "psnr.db"},
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
    """Return everything of a finished run in which a resumed one and an uninterrupted one have to agree."""
    work_dir = WorkDir(folder)
    log = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return {
        "last": saved_state(work_dir.list_checkpoints()[-1]),
        "best": saved_state(work_dir.best_checkpoint),
        "log": [
            {key: value for key, value in line.items() if key != "time"}
            for line in log
            if line.get("event") not in ("start", "resume")
        ],
        "samples": {str(path.relative_to(folder)): path.read_bytes() for path in sorted(files_in(work_dir.samples))},
        "page": OF_TIME.sub("", (folder / "index.html").read_text()),
        "files": sorted(str(path.relative_to(folder)) for path in files_in(folder)),
    }


def saved_state(path: Path) -> dict[str, Any]:
    """Return what a checkpoint holds, without the time and the machine."""
    checkpoint = read_checkpoint(path)
    return {
        "model": checkpoint.model,
        "optimizers": checkpoint.optimizers,
        "progress": checkpoint.progress,
        "hooks": checkpoint.extra["hooks"],
    }


def files_in(folder: Path) -> list[Path]:
    """Return all files below a folder, hidden ones too."""
    return [path for path in folder.rglob("*") if path.is_file()]


class CountedFile:
    """A file whose writes are system calls to count; everything else is the file's."""

    def __init__(self, file: Any, count: Callable[[str], None]) -> None:
        self._file, self._count = file, count

    def write(self, content: Any) -> Any:
        """Write."""
        self._count("write")
        return self._file.write(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "CountedFile":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


class SystemCalls:
    """Counts the calls of this process that change files below a folder, and kills it before one of them.

    Python's audit events name them (open, rename, remove, mkdir, rmdir), without tracing the process; writes and syncs,
    which have none, are wrapped.

    Args:
        folder: of the run.
        kill_at: kind of call and its number, from 1; None: count only.

    Attributes:
        counts: calls by kind.
    """

    def __init__(self, folder: Path, kill_at: tuple[str, int] | None) -> None:
        self.folder, self.kill_at, self.process = str(folder), kill_at, os.getpid()
        self.counts: Counter[str] = Counter()

    def install(self) -> None:
        """Count from now on, until the process ends."""
        sys.addaudithook(self._audit)
        self._open, self._sync = io.open, os.fsync
        io.open = self._counted_open
        os.fsync = self._counted_sync

    def _count(self, kind: str) -> None:
        self.counts[kind] += 1
        if self.kill_at == (kind, self.counts[kind]) and os.getpid() == self.process:
            os.kill(self.process, signal.SIGKILL)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"):
            return
        path, *rest = arguments
        if not isinstance(path, str | os.PathLike):
            return
        inside = os.fspath(path).startswith(self.folder) or (event != "open" and not os.path.isabs(path))  # of a tree
        if inside and (event != "open" or rest[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            self._count(event)

    def _counted_open(self, path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        file = self._open(path, mode, *arguments, **options)
        return CountedFile(file, self._count) if {*mode} & {*"wax"} and str(path).startswith(self.folder) else file

    def _counted_sync(self, file: int) -> None:
        self._count("fsync")
        self._sync(file)


def start(config: Mapping[str, Any], folder: Path, kill_at: tuple[str, int] | None = None) -> int:
    """Train in a child of this process, which has torch already; return its process id. It resumes where it can.

    Args:
        config: of the run.
        folder: work directory; how many calls of each kind the child made is beside it, in ``calls.json``.
        kill_at: kind of system call and its number, before which the child is killed.
    """
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        calls = SystemCalls(folder, kill_at)
        calls.install()
        train(config, work_dir=folder, device="cpu", quiet=True, resume=bool(WorkDir(folder).list_checkpoints()))
        folder.with_name("calls.json").write_text(json.dumps(calls.counts))
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
        raise RuntimeError(FAILED.format(status))
    return bool(found)


@dataclass
class Killer:
    """Kills children one after the other, each at a random moment.

    Attributes:
        rng: of the moments.
        pace: seconds of an uninterrupted run.
        calls: system calls of an uninterrupted run by kind.
        kills: number of killed children by moment, or kind of call.
        writes: how many of them were writing a checkpoint.
    """

    rng: random.Random
    pace: float
    calls: Mapping[str, int]
    kills: Counter[str] = field(default_factory=Counter)
    writes: int = 0

    def run(self, config: Mapping[str, Any], folder: Path) -> bool:
        """Train or resume until the child is killed at a random moment; return whether it finished before."""
        moment = MOMENTS[self.kills.total() % len(MOMENTS)]
        if moment != "call":
            return self._kill(start(config, folder), folder, moment)
        kind = self.rng.choice(sorted(self.calls))
        child = start(config, folder, (kind, self.rng.randint(1, self.calls[kind])))
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            if status:
                raise RuntimeError(FAILED.format(status))
            return True
        self._note(kind, folder)
        return False

    def _note(self, what: str, folder: Path) -> None:
        self.kills[what] += 1
        self.writes += _is_writing(folder / "checkpoints")

    def _kill(self, child: int, folder: Path, moment: str) -> bool:
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
        self._note(moment, folder)
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
    pace = run_to_end(config, folder / "uninterrupted" / "run")
    expected = final_state(folder / "uninterrupted" / "run")
    calls = json.loads((folder / "uninterrupted" / "calls.json").read_text())
    killer, runs, found = Killer(random.Random(seed), pace, calls), 0, []
    while killer.kills.total() < kills:
        runs += 1
        work_dir = folder / f"run_{runs}" / "run"
        before = killer.kills.copy()
        while killer.kills.total() < kills and not killer.run(config, work_dir):
            pass
        run_to_end(config, work_dir)
        different = difference(final_state(work_dir), expected)
        found.append(f"{different} after kills at {dict(killer.kills - before)}" if different else "")
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
            kills = killer.kills.total()
            print(f"  by moment or system call: {dict(killer.kills)}")
            print(f"{kills} kills, {kills} resumes, equal: {'no' if different else 'yes'}", flush=True)
            all_equal = all_equal and not different
    return 0 if all_equal else 1


if __name__ == "__main__":
    sys.exit(main())
