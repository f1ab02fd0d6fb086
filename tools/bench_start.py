"""How long the program and a training take to start: `python tools/bench_start.py [COUNT]`.

It prints the seconds of `import i2ikit`, of `i2ikit --help`, and of `i2ikit train cut/stripes` until its first step is
done: the best of three, since the first may read the program from disk.

Then it makes two folders of COUNT hard links to one small image, counts how often folders are listed, and prints the
seconds and the memory that the data set, the check of a sample of headers, and the first batch take. For comparison it
lists the same folders as lists of paths, the way of the published code.
"""

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from i2ikit.config.sections import with_defaults
from i2ikit.datasets.unpaired_folders import UnpairedFolders
from i2ikit.engine.data import build_train_loader, check_sample
from i2ikit.transforms.resize_crop_flip import ResizeCropFlip

COMMANDS = {  # the last words come after the program
    "import": ["-c", "import i2ikit"],
    "--help": ["-m", "i2ikit", "--help"],
    "one step": ["-m", "i2ikit", "train", "cut/stripes", "--max-steps", "2", "--work-dir"],
}


def program(rounds: int = 3) -> dict[str, float]:
    """Return the least seconds of each command; of a training until the line of its first step is in the log."""
    best: dict[str, float] = {}
    for name, arguments in COMMANDS.items():
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                log = Path(folder) / "run" / "log.jsonl"
                trains = "train" in arguments
                start = time.perf_counter()
                with subprocess.Popen(
                    [sys.executable, *arguments, *([str(log.parent)] if trains else [])], stdout=subprocess.DEVNULL
                ) as process:
                    while process.poll() is None and not (trains and log.exists() and '"step": 1,' in log.read_text()):
                        time.sleep(0.005)
                    seconds = time.perf_counter() - start
                    if process.poll():
                        raise SystemExit(f"{name}: exit code {process.returncode}")
                    process.terminate()
                best[name] = min(seconds, best.get(name, seconds))
    return best


def main(count: int) -> None:
    """Measure and print."""
    for name, seconds in program().items():
        print(f"{name:<10} {seconds:6.2f} s")
    with tempfile.TemporaryDirectory() as scratch:
        root = make(Path(scratch), count)
        listed = count_listings()
        print(f"2 folders of {count:,} files")
        dataset = measured("data set", lambda: UnpairedFolders(root, transform=ResizeCropFlip(20, 16)))
        loader = build_train_loader(dataset, with_defaults({"data": {"workers": 0}})["data"], seed=0)
        measured("sample of headers", lambda: check_sample(dataset, loader.bad_files, 0))
        measured("first batch", lambda: next(iter(loader)))
        print(f"folders listed for one data set: {len(listed) / 2:g}")  # it was made twice
        measured(
            "as lists of paths", lambda: [[str(p) for p in sorted((root / f).iterdir())] for f in ("trainA", "trainB")]
        )


def make(root: Path, count: int) -> Path:
    """Write two folders of links to one image."""
    Image.new("RGB", (24, 24)).save(root / "one.png")
    for folder in ("trainA", "trainB"):
        (root / folder).mkdir()
        for number in range(count):
            path = root / folder / f"{number}.png"
            try:
                os.link(root / "one.png", path)
            except OSError:  # a file system limits the links to one file
                (root / "one.png").unlink()
                Image.new("RGB", (24, 24)).save(root / "one.png")
                os.link(root / "one.png", path)
    return root


def count_listings() -> list[str]:
    """Return a list that grows by a name whenever a folder is listed."""
    listed: list[str] = []
    scandir = os.scandir

    def counting(path: Any = ".") -> Any:
        listed.append(str(path))
        return scandir(path)

    os.scandir = counting  # type: ignore[assignment]
    return listed


def measured(what: str, work: Callable[[], Any]) -> Any:
    """Print the seconds of some work, and its kept and its peak memory; return its result."""
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    del result
    tracemalloc.start()  # in a second run: tracing takes time
    result = work()
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{what:<18} {seconds:7.2f} s   keeps {kept / 2**20:7.1f} MiB, at most {most / 2**20:7.1f} MiB")
    return result


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
