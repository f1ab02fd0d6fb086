"""Set every key of every packaged config to wrong values: `python tools/fuzz_config.py [CONFIG ...]`.

Each value is given by `--set` to `i2ikit check`, in this process, on small networks and without the estimate of costs.
Every end but one of these is a failure: exit code 0, or exit code 2 with a message; within 10 s. Configs share most of
their parts: a value is tried once for each key of each different part. `--full` estimates the costs too, and trains one
step where `check` has no objection. The last line counts cases and failures; the exit code is 0 if there are none.
"""

import argparse
import contextlib
import io
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from chaos import shrink
from typer.main import get_command

from i2ikit.build import is_part
from i2ikit.cli.app import app
from i2ikit.config import dump_config, load_config, packaged_configs
from i2ikit.config.key_paths import lookup
from i2ikit.config.overrides import addable
from i2ikit.profiling import training_plan

DEEP = "ab(" * 150 + "a" + ")" * 150  # calls of a generator inside each other
VALUES = {
    "wrong type": ("text", "3", "2.5", "true", "[1, 2]", "{x: 1}", "dict(type=Nothing)", "[{type: L1Loss}]"),
    "out of range": ("0", "-1", "1e999", "-1e999", "[-1, 2]"),
    "missing": ("none", "[none]"),
    "empty": ("''", "[]", "{}"),
    "huge": ("1000000000", "1e300", "9" * 400, "'" + "x" * 5000 + "'", "[" * 60 + "]" * 60),
    "expressions": ("ab(q)", "ab(a, 1)", "ab(a, d=1)", "ab(a).down1", "a_mask", "'ab(a), b'", DEEP),
    "hostile": ("{a: &a [*a]}", "'\\x1b[31m'", "'../..'", "/dev/zero", "'\\0'", "-" * 2000 + "1", "ab(a"),
}
TIMEOUT = 10  # seconds of CPU time
PATIENCE = 120  # seconds that a command may wait, for a pipe or a lock
HANGS = -1
MEMORY = 2 * 2**30  # bytes that the values may claim
UNEXPECTED = "unexpected error"
COMMAND = get_command(app)  # made once: it takes longer than many a check


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    text: str
    seconds: float

    def failure(self) -> str:
        """Return what is wrong with this end, or an empty string."""
        if self.seconds > TIMEOUT or self.code == HANGS:
            return f"took {self.seconds:.0f} s"
        if UNEXPECTED in self.text or "Traceback" in self.text:
            return "unexpected error"
        if self.code not in (0, 2):
            return f"exit code {self.code}"
        return "no message" if self.code and not self.text.strip() else ""


class TooSlowError(BaseException):
    """A command exceeds the time limit; no `except Exception` stops it."""


def run(*arguments: str) -> Outcome:
    """Run `i2ikit` in this process with a limit on its CPU time, since the machine may do other work."""

    def stop(*_: Any) -> None:
        raise TooSlowError

    written, start, code = io.StringIO(), time.process_time(), 0
    previous = {number: signal.signal(number, stop) for number in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, TIMEOUT + 1)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(written):
            COMMAND([*arguments], prog_name="i2ikit")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except TooSlowError:
        code = HANGS
    except BaseException:
        written.write(traceback.format_exc())
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in previous.items():
            signal.signal(number, handler)
    return Outcome(code, written.getvalue(), time.process_time() - start)


def small_config(path: Path) -> dict[str, Any]:
    """Return a copy of a packaged config with small networks and scenes, and without folders to read."""
    config = load_config(path)
    data = config["data"]
    sizes = {key: 24 if key == "load_size" else 16 for key in ("load_size", "crop_size") if data.get(key)}
    scenes = {"count": 5, "load_size": 24, "extra": ["a_mask"]}
    train = {"type": "Stripes", "split": "train", **scenes, "transform": {"type": "ResizeCropFlip"}}
    test = {"type": "Stripes", "split": "test", **scenes, "transform": {"type": "Resize"}}
    small = {"batch_size": 2, "workers": 0, "load_size": 24, "crop_size": 16, **sizes, "train": train, "test": test}
    cheap = {"precision": "bf16", "checkpoint_activations": True}  # `check` then estimates one setting, not three
    train_keys = {**config["train"], **cheap}
    return {**config, "model": _widened(shrink(config["model"])), "data": {**data, **small}, "train": train_keys}


def _widened(model: dict[str, Any]) -> dict[str, Any]:
    """Return a model section that also has what no packaged config sets: names, outputs, views, an extractor."""
    judges = {name: {**part, "augment": {"type": "DiffAugment"}} for name, part in model["discriminators"].items()}
    times = {"type": "Times", "stream": "times", "at_test": True}
    vgg = {"type": "VGG16Features", "weights": "random", "last": "relu1_1"}
    return {
        **model,
        "discriminators": judges,
        "views": {**model.get("views", {}), "times": times},
        "extractors": {**model.get("extractors", {}), "vgg": vgg},
        "images": {"seen": "times(ab(a), a_mask)"},
        "outputs": {"ab": "ab(a)", "ab_seen": "seen"},
    }


def key_paths(config: dict[str, Any], value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every key path that `--set` takes, written in the config or not, with the part that holds it."""
    if isinstance(value, Mapping):
        names = dict.fromkeys([*value, *addable(config, keys, dict(value))])
        for name in names:
            yield (*keys, name), value
            yield from key_paths(config, value.get(name), (*keys, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*keys, str(index)), value
            yield from key_paths(config, item, (*keys, str(index)))


def cases(config: dict[str, Any], values: Sequence[str], done: set[str]) -> Iterator[str]:
    """Yield the overrides of a config that no earlier config had for the same part; ``done`` remembers them.

    The same part: of the same type, or the same section, with a value of the same type under the key.
    """
    for keys, holder in key_paths(config, config):
        owner = holder["type"] if is_part(holder) else keys[-2:-1]
        value = lookup(holder, keys[-1:])
        known = json.dumps(
            [owner, keys[-1], value.get("type") if is_part(value) else type(value).__name__], default=str
        )
        if known not in done:
            done.add(known)
            yield from (f"{'.'.join(keys)}={value}" for value in values)


def fuzz(
    name: str, values: Sequence[str], done: set[str], *, every: int = 1, first: int = 0, full: bool = False
) -> Iterator[tuple[str, str, Outcome]]:
    """Yield command, override and outcome of each case of a packaged config."""
    config = small_config(packaged_configs()[name])
    path = Path(f"{name.replace('/', '_')}.py").resolve()
    path.write_text(dump_config(config), encoding="utf-8")
    for number, override in enumerate(islice(cases(load_config(path), values, done), first, None, every)):
        outcome = run("check", str(path), "--set", override)
        yield "check", override, outcome
        if full and outcome.code == 0 and not outcome.failure():
            options = ("--max-steps", "1", "--device", "cpu", "--work-dir", f"runs/{number}")
            yield "train", override, run("train", str(path), "--set", override, *options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz configs and print the failures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", nargs="*", metavar="CONFIG", help="packaged configs; all if there are none")
    parser.add_argument("--kinds", nargs="+", choices=VALUES, default=list(VALUES), help="kinds of values")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try only every N-th case")
    parser.add_argument("--first", type=int, default=0, metavar="M", help="begin with the M-th case of each config")
    parser.add_argument(
        "--full", action="store_true", help="also estimate costs, and train one step where the check accepts a value"
    )
    options = parser.parse_args(arguments)
    values = list(dict.fromkeys(value for kind in options.kinds for value in VALUES[kind]))
    limit_memory()
    done: set[str] = set()
    count = trained = failures = 0
    start = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if not options.full:
            training_plan.add_costs = lambda plan: None  # seconds for each case
        for name in options.configs or packaged_configs():
            how = {"every": options.every, "first": options.first, "full": options.full}
            for command, override, outcome in fuzz(name, values, done, **how):
                count, trained = count + 1, trained + (command == "train")
                if count % 1000 == 0:
                    print(f"{count} cases", flush=True)
                failure = outcome.failure()
                if failure:
                    failures += 1
                    print(
                        f"{name}: {command} --set {override[:200]}: {failure}\n    {outcome.text[:400]!r}", flush=True
                    )
            print(f"{name}: {count} cases so far, {failures} failures", flush=True)
        os.chdir(start)
    print(f"{count} cases, {trained} of them trained, {failures} failures")
    return int(failures > 0)


def limit_memory() -> None:
    """Let this process claim no more than ``MEMORY`` beside what it has, so that a huge value raises an error."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    sys.exit(main())
