"""Give wrong config files and wrong arguments to every command: `python tools/fuzz_files.py [--every N]`.

First a config in every wrong form: damaged files, wrong values, wrong bases. Then every argument and option of every
command, set to numbers, texts and paths that it may not expect: folders, pipes, sockets, devices, links in a circle,
files of another kind. All other arguments of the command are right. Each command ends as `tools/fuzz_config.py` says:
with exit code 0, or with a message. The last line counts cases and failures; the exit code is 0 if there are none.
"""

import argparse
import json
import os
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from fuzz_checkpoint import CONFIG
from fuzz_config import COMMAND, Outcome, limit_memory, run
from PIL import Image

TEXTS = ("", " ", "0", "-1", "1e999", "nan", "1,0", "0,inf", "x" * 5000, "\x1b[31mred", "a\nb", "\udcff", "--", "..")
TEXTS += ("0x" + "f" * 5000, "*", "http://127.0.0.1:9/x", "~nobody/x", "dict(type=L1Loss)", "a=b", "👾" * 50)
CONFIGS: Mapping[str, str | bytes] = {
    "empty": "",
    "binary": bytes(range(256)) * 100,
    "nul": "seed = 1\0\n",
    "latin1": "# caf\xe9\n".encode("latin-1") + CONFIG.encode(),
    "utf16": CONFIG.encode("utf-16"),
    "byte_order_mark": b"\xef\xbb\xbf" + CONFIG.encode(),
    "windows_lines": CONFIG.replace("\n", "\r\n").encode(),
    "syntax": CONFIG + "model = dict(\n",
    "indent": "  seed = 1\n" + CONFIG,
    "json": json.dumps({"model": {"type": "UnpairedTranslation"}}),
    "yaml": "model:\n  type: UnpairedTranslation\n",
    "huge": "# x\n" * 2_000_000 + CONFIG,
    "long_line": CONFIG + "\nseed = " + "+".join(["1"] * 50_000) + "\n",
    "deep_brackets": CONFIG + "\nseed = " + "[" * 5000 + "]" * 5000,
    "deep_minus": CONFIG + "\nseed = " + "-" * 200_000 + "1",
    "deep_value": CONFIG + "\nseed = []\nfor _ in range(100_000): seed = [seed]\n",
    "deep_part": CONFIG + "\nfor _ in range(300): metrics = dict(x=metrics)\n",
    "loop": CONFIG + "\nmetrics['x'] = metrics\n",
    "loop_list": CONFIG + "\nhooks = []\nhooks.append(hooks)\n",
    "wide": CONFIG + "\nmetrics = {f'm{i}': dict(type='Nothing') for i in range(20_000)}\n",
    "exit": "raise SystemExit(0)",
    "exit_text": "raise SystemExit('\\x1b[31m')",
    "raises": "raise RuntimeError('\\x1b[31m')",
    "raises_base": "class Odd(BaseException): pass\nraise Odd('x')",
    "raises_generator": "raise GeneratorExit",
    "repr_raises": "class Odd:\n    def __repr__(self): raise RuntimeError('no')\n\nODD = Odd\nseed = Odd()\n" + CONFIG,
    "str_raises": "class Odd(Exception):\n    def __str__(self): raise RuntimeError('no')\nraise Odd()",
    "dict_raises": "class Odd(dict):\n    def items(self): raise RuntimeError('no')\nmetrics = Odd(x=1)\n" + CONFIG,
    "recursion": "def f(): return f()\nseed = f()",
    "asserts": "assert False",
    "relative_import": "from . import x",
    "with": "with open('x') as f: pass",
    "missing_module": "import nothing_of_that_name\n" + CONFIG,
    "no_model": CONFIG + "\ndel model\n",
    "surrogate": CONFIG + "\nvis_backends = ['\\udcff']\nplugins = ['\\udcff\\x1b[31m']\n",
    "base_of_another_kind": "_base_ = 3",
    "base_is_a_dict": "_base_ = dict(x=1)",
    "base_is_computed": "_base_ = ['a' + '.py']",
    "base_is_missing": "_base_ = 'nothing.py'",
    "base_is_itself": "_base_ = 'base_is_itself.py'",
    "base_is_a_circle": "_base_ = 'base_is_a_circle_too.py'",
    "base_is_a_circle_too": "_base_ = 'base_is_a_circle.py'",
    "base_is_a_folder": "_base_ = '.'",
    "base_is_a_pipe": "_base_ = 'pipe.py'",
    "base_is_empty_text": "_base_ = ''",
    "base_has_nul": "_base_ = 'a\\0b.py'",
    "base_is_long": "_base_ = 'x' * 3",
    "base_is_very_long": f"_base_ = '{'x' * 5000}.py'",
    "base_of_no_package": "_base_ = 'nothing::x.py'",
    "base_of_no_file": "_base_ = 'i2ikit::x.py'",
    "base_of_nothing": "_base_ = '::'",
    "base_twice": "_base_ = ['binary.py', 'binary.py']",
    "base_is_device": "_base_ = '/dev/zero'",
    "base_name_is_missing": CONFIG + "\nseed = _base_.nothing.at_all\n",
}
VALUES = (
    """
'x'; ''; None; 3; -1; []; {}; ['x']; [None]; [[[[]]]]; True; 10**400; 1j; b'x'; 1e999; {'x': None}; {'x': 'y'}
{'type': 3}; {'type': None}; {'type': []}; {3: 4}; {None: {}}; {'': {}}; {'a.b': {}}; {'\\x1b[31m': {}}
lambda: 1; __import__('os'); {1, 2}; frozenset(); object(); int; ...; NotImplemented; range(3); iter([]); print
(x for x in []); bytearray(2); float('nan'); {'x': float('nan')}; [float('inf')]; '\\udcff'; 'a\\0b'
{'_delete_': True}; {'_delete_': 3}; __import__('torch').zeros(2); __import__('numpy').float32(1)
__import__('pathlib').Path('x'); __import__('datetime').date(2000, 1, 1); __import__('decimal').Decimal(1)
""".replace("\n", "; ")
    .strip("; ")
    .split("; ")
)
VALUES += ["0x" + "f" * 5000]
SECTIONS = ("model", "optimizer", "data", "train", "schedule", "metrics", "alarms", "hooks", "vis_backends", "seed")
SECTIONS += ("log", "samples", "checkpoint", "evaluation", "imports", "plugins", "unknown", "_base_")


def wrong_configs(folder: Path) -> Iterator[Path]:
    """Write the wrong configs into a folder and yield their paths."""
    os.mkfifo(folder / "pipe.py")
    (folder / "folder.py").mkdir()
    (folder / "loop_of_links.py").symlink_to("loop_of_links.py")
    (folder / "link_to_nothing.py").symlink_to("nothing.py")
    (folder / "device.py").symlink_to("/dev/zero")
    for name, text in CONFIGS.items():
        path = folder / f"{name}.py"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for section in SECTIONS:
        for number, value in enumerate(VALUES):
            (folder / f"{section}_{number}.py").write_text(f"{CONFIG}\n{section} = {value}\n", "utf-8")
    for name in ("c.yml", "c.json", "c.txt", "c"):
        (folder / name).write_text(CONFIG, "utf-8")
    yield from sorted(folder.iterdir())


def wrong_paths(folder: Path) -> dict[str, Path]:
    """Make a file of every kind, and return their paths by name."""
    paths = {
        name: folder / name
        for name in ("empty", "binary", "text", "json", "html", "zip", "image.png", "folder", "pipe", "socket", "loop")
    }
    paths["empty"].touch()
    paths["binary"].write_bytes(bytes(range(256)) * 100)
    paths["text"].write_text("one\ntwo\n")
    paths["json"].write_text('{"step": null}')
    paths["html"].write_text("<html></html>")
    paths["zip"].write_bytes(b"PK\x05\x06" + bytes(18))
    Image.new("RGB", (8, 8)).save(paths["image.png"])
    paths["folder"].mkdir()
    os.mkfifo(paths["pipe"])
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(paths["socket"]))
    paths["loop"].symlink_to(paths["loop"])
    for name, target in (("device", "/dev/zero"), ("null", "/dev/null"), ("broken", "nothing")):
        paths[name] = folder / name
        paths[name].symlink_to(target)
    images = paths["images"] = folder / "images"
    images.mkdir()
    for name in ("pipe", "loop", "device", "binary", "empty", "socket", "image.png", "broken"):
        (images / f"{name}.png").symlink_to(paths[name])
    paths["full"] = Path("/dev/full")
    paths["deep"] = folder / "/".join(["d" * 200] * 20)
    paths["long"] = folder / ("n" * 300)
    paths["below a file"] = paths["text"] / "x"
    paths["controls"] = folder / "a\x1b[31m\nb"
    paths["kernel"] = Path("/proc/self/mem")
    paths["missing"] = folder / "missing"
    return paths


def right_commands(folder: Path) -> dict[str, list[str]]:
    """Make what the commands need, and return the arguments with which each of them succeeds."""
    (folder / "small.py").write_text(CONFIG, "utf-8")
    for name in ("trainA", "trainB", "testA", "testB"):
        (folder / "data" / name).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (16, 16), (number * 60, 80, 20)).save(folder / "data" / name / f"{number}.png")
    train = ["train", "small.py", "--work-dir", "run", "--device", "cpu", "--max-steps", "1"]
    checkpoint, images = "run/checkpoints/step_000001.pt", "data/testA"
    assert run(*train).code == 0
    return {
        "train": ["train", "small.py", "--work-dir", "NEW", "--device", "cpu", "--max-steps", "1"],
        "translate": ["translate", checkpoint, images, "NEW"],
        "evaluate": ["evaluate", checkpoint, "--device", "cpu"],
        "import": ["import", checkpoint, "--out", "NEW"],
        "export": ["export", checkpoint, "--out", "NEW"],
        "config": ["config", "small.py"],
        "check": ["check", "small.py"],
        "reproduce": ["reproduce", checkpoint],
        "report": ["report", "run", "--out", "NEW.html"],
        "doctor": ["doctor"],
        "list": ["list", "losses"],
        "show": ["show", "losses", "NCELoss"],
        "plugins": ["plugins"],
        "new": ["new", "loss", "Nice", "--into", "NEW"],
        "data check": ["data", "check", "data"],
        "data fetch": ["data", "fetch", "facades", "NEW"],
        "data compare": ["data", "compare", "data/trainA", "data/trainB", "--count", "4"],
        "data make stripes": ["data", "make", "stripes", "NEW", "--size", "8", "--train", "1", "--test", "1"],
    }


def parameters(command: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the name of each command with each of its parameters that takes a value."""
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from parameters(inner, (*names, name))
    else:
        yield from ((" ".join(names), each) for each in command.params if not getattr(each, "is_flag", False))


def changed(right: Sequence[str], command: str, parameter: Any, position: int, value: str) -> list[str]:
    """Return the arguments of a command with another value of one parameter; an argument has a position."""
    words = command.split()
    given = list(right[len(words) :])
    if parameter.param_type_name == "option":
        known = [name for name in parameter.opts if name in given]
        if known:
            given[given.index(known[0]) + 1] = value
            return [*words, *given]
        return [*words, *given, parameter.opts[0], value]
    given[position : position + 1] = [value]
    return [*words, *given]


def argument_cases(right: Mapping[str, list[str]], values: Sequence[str]) -> Iterator[list[str]]:
    """Yield the arguments of each command with each wrong value in each place."""
    seen: Counter[str] = Counter()
    for command, parameter in parameters(COMMAND):
        if command in right:
            position = seen[command]
            seen[command] += parameter.param_type_name == "argument"
            yield from (changed(right[command], command, parameter, position, value) for value in values)


def fuzz(every: int = 1, first: int = 0) -> Iterator[tuple[list[str], Outcome]]:
    """Yield arguments and outcome of each case, in the working directory."""
    folder = Path("configs").resolve()
    folder.mkdir()
    right = right_commands(Path.cwd())
    configs = (["check", str(path)] for path in wrong_configs(folder))
    paths = Path("wrong")
    paths.mkdir()
    values = [*TEXTS, *map(str, wrong_paths(paths.resolve()).values())]
    for number, arguments in enumerate(islice((*configs, *argument_cases(right, values)), first, None, every)):
        named = [each.replace("NEW", f"new/{number}") for each in arguments]
        yield named, run(*named)


def is_finding(command: Sequence[str], outcome: Outcome) -> bool:
    """Return whether `data check` or `doctor` has found problems, its result, with exit code 1."""
    finds = command[0] == "doctor" or [*command[:2]] == ["data", "check"]
    return finds and outcome.code == 1 and "i2ikit:" not in outcome.text


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz and print the failures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try only every N-th case")
    parser.add_argument("--first", type=int, default=0, metavar="M", help="begin with the M-th case")
    options = parser.parse_args(arguments)
    limit_memory()
    count = failures = 0
    start = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for command, outcome in fuzz(options.every, options.first):
            count += 1
            if count % 500 == 0:
                print(f"{count} cases", flush=True)
            if outcome.failure() and not is_finding(command, outcome):
                failures += 1
                print(
                    f"{[each[:200] for each in command]}: {outcome.failure()}\n    {outcome.text[:400]!r}", flush=True
                )
        os.chdir(start)
    print(f"{count} cases, {failures} failures")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
