"""Damage checkpoints in every way, and use them: `python tools/fuzz_checkpoint.py --truncations 200 --flips 1000`.

A small run, the dump of a failed step and a file of published weights are damaged: each field left out, of a wrong kind
and out of range, with the old checksum and with one that fits; the file cut off; single bits flipped, half of them in
the headers and the directory of the archive. Every command that reads such a file either refuses it with a message,
or does what it does with the undamaged file: the resumed run ends with the same weights, the translated image has the
same pixels. Whatever else happens is a finding: a traceback or an unexpected error, a silent difference, more than ten
seconds, another process. A file that the reader refuses is given to the commands only now and then. The exit code is 0
if there is no finding.
"""

import argparse
import contextlib
import copy
import io
import json
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from i2ikit.cli.app import app
from i2ikit.engine.checkpointing.checkpoint import CHECKSUM, read_checkpoint
from i2ikit.engine.checkpointing.reproduce import FailedStep, write_step
from i2ikit.errors import I2IKitError
from i2ikit.inference.interop.files import read_weights
from i2ikit.tensor_files import content_hash

SECONDS = 10  # of computing, after which a command counts as hanging
SIZE = 16  # pixels
CONFIG = f"""
PATCHES = dict(type="PatchTerm", taps=["stem", "down1"], head="f", loss=dict(type="PatchNCELoss"),
               sampler=dict(type="RandomSampler", num=4), negatives=dict(type="WithinImage"))
model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="ResNetGenerator", filters=2, blocks=1)),
    discriminators=dict(b=dict(type="PatchGANDiscriminator", filters=2, layers=1)),
    heads=dict(f=dict(type="MLPHead", of="ab", taps=["stem", "down1"], dim=4)),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.9)),
    views=dict(pool=dict(type="ImagePool", size=2)),
    phases=dict(
        discriminate=dict(update=["discriminators"], terms=dict(d=dict(
            type="DiscriminatorTerm", discriminator="b", real="b", fake="pool(ab(a))", loss=dict(type="LSGANLoss")))),
        generate=dict(update=["generators", "heads"], terms=dict(
            gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=dict(type="LSGANLoss")),
            content=dict(PATCHES, query=("ab", "ab(a)"), key=("ab", "a")))),
    ),
)
optimizer = dict(type="Adam", lr=2e-4)
data = dict(load_size={SIZE}, workers=0, train=dict(type="Stripes", count=2),
            test=dict(type="Stripes", split="test", count=1))
metrics = dict(content=dict(type="ContentPreservation"))
train = dict(steps=3)
checkpoint = dict(every=1)
samples = dict(count=1, gallery=0)
"""
VALUES: tuple[Any, ...] = (
    None, True, -1, 1.5, 10**5, 2**70, float("nan"), "", "text", "\x1b[2J", [], {}, [1, "x"], {"x": 1}, {1: {}},
    torch.full((2,), float("nan")), torch.zeros(1).expand(2**38), torch.zeros(3, dtype=torch.complex64),
)  # fmt: skip
UNEXPECTED = ("Traceback", "unexpected error", "not foreseen", "Error: ")
SAMPLED = 20  # of the files that the reader refuses, one in so many is given to the commands
started: list[str] = []  # processes; an audit hook cannot be removed


class HangError(BaseException):
    """A command computes for too long."""


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Note the start of a process."""
    if event in ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "pty.spawn"):
        started.append(f"{event} {arguments[:1]}")


def nested(levels: int) -> list[Any]:
    """Return an empty list in ``levels`` lists."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def call(*arguments: object) -> tuple[int, str]:
    """Run `i2ikit` in this process; return its exit code and all that it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            app([str(each) for each in arguments], prog_name="i2ikit")
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 0, printed.getvalue()
    return 0, printed.getvalue()


class Bench:
    """The undamaged files, and what the commands make of them.

    Args:
        folder: for all files.
        seconds: limit of the computing time of a command; 0: none.
    """

    def __init__(self, folder: Path, seconds: float = SECONDS) -> None:
        self.folder, self.seconds = folder, seconds
        self.damaged = folder / "damaged.pt"
        (folder / "small.py").write_text(CONFIG, "utf-8")
        self.train: tuple[object, ...] = ("train", folder / "small.py", "--device", "cpu")
        self._check(*call(*self.train, "--work-dir", folder / "run", "--pause-at", 2))
        self.newest = folder / "run" / "checkpoints" / "step_000002.pt"
        Image.new("RGB", (SIZE, SIZE), (200, 100, 50)).save(folder / "image.png")
        self._check(*call("export", self.newest, "--out", folder))
        self.files = {"run": self.newest, "step": folder / "step.pt", "published": folder / "latest_net_G.pth"}
        checkpoint = read_checkpoint(self.newest)
        batch = {name: torch.rand(1, 3, SIZE, SIZE) * 2 - 1 for name in ("a", "b")} | {"a_path": ["x.png"]}
        progress = {name: checkpoint.progress[name] for name in ("epoch", "step", "epochs", "steps")}
        failed = FailedStep(checkpoint.config, checkpoint.model, progress, [batch], [0], "generate", {"gan": 1.0})
        write_step(self.files["step"], failed)
        self.commands: dict[str, tuple[str, Callable[[], tuple[int, str, Any]]]] = {
            "translate": ("run", self._translate),
            "export": ("run", self._export),
            "evaluate": ("run", self._evaluate),
            "init": ("run", self._init),
            "resume": ("run", self._resume),
            "reproduce": ("step", self._reproduce),
            "import": ("published", self._import),
        }
        self.expected = {name: self._use(name, self.files[kind])[2] for name, (kind, _) in self.commands.items()}

    def try_out(self, command: str, file: Path) -> str:
        """Give a file to a command; return the finding, or an empty string."""
        before = len(started)
        previous = signal.signal(signal.SIGVTALRM, _stop)
        signal.setitimer(signal.ITIMER_VIRTUAL, self.seconds)
        try:
            code, printed, result = self._use(command, file)
        except HangError:
            return f"more than {self.seconds} s"
        except Exception as error:
            return f"a traceback: {error!r}"
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, previous)
        if len(started) > before:
            return f"another process: {started[-1]}"
        if any(word in printed for word in UNEXPECTED) or "\x1b" in printed:
            return f"exit code {code}: {printed[-300:]}"
        return "a silent difference" if code == 0 and result != self.expected[command] else ""

    @staticmethod
    def _check(code: int, printed: str) -> None:
        if code:
            raise RuntimeError(f"the undamaged file is refused: {printed}")

    def _use(self, command: str, file: Path) -> tuple[int, str, Any]:
        if file != self.damaged:
            shutil.copyfile(file, self.damaged)
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        return self.commands[command][1]()

    def _translate(self) -> tuple[int, str, Any]:
        target = self.folder / "out" / "image.png"
        code, printed = call("translate", self.damaged, self.folder / "image.png", target, "--device", "cpu")
        return code, printed, target.read_bytes() if target.exists() else None

    def _export(self) -> tuple[int, str, Any]:
        target = self.folder / "out"
        code, printed = call("export", self.damaged, "--out", target)
        written = target / self.files["published"].name  # a config may leave other networks out
        return code, printed, content_hash(read_weights(written)[0]) if written.exists() else None

    def _evaluate(self) -> tuple[int, str, Any]:
        code, printed = call("evaluate", self.damaged, "--json", "--device", "cpu")
        return code, printed, json.loads(printed)["metrics"] if code == 0 else None

    def _init(self) -> tuple[int, str, Any]:
        folder = self.folder / "out"
        code, printed = call(*self.train, "--work-dir", folder, "--init", self.damaged, "--pause-at", 1)
        return code, printed, self._end(folder, 1)

    def _resume(self) -> tuple[int, str, Any]:
        folder = self.folder / "out"
        shutil.copytree(self.folder / "run", folder)
        shutil.copyfile(self.damaged, folder / "checkpoints" / "step_000002.pt")
        code, printed = call(*self.train, "--work-dir", folder, "--resume")
        return code, printed, self._end(folder, 3)

    def _reproduce(self) -> tuple[int, str, Any]:
        code, printed = call("reproduce", self.damaged, "--device", "cpu")
        return code, printed, printed.split("Images")[0]

    def _import(self) -> tuple[int, str, Any]:
        target = self.folder / "out" / "imported.pt"
        code, printed = call("import", f"G={self.damaged}", "--out", target)
        return code, printed, content_hash(read_checkpoint(target).model) if target.exists() else None

    def _end(self, folder: Path, step: int) -> Any:
        path = folder / "checkpoints" / f"step_{step:06d}.pt"
        found = read_checkpoint(path) if path.exists() else None
        states = {name: state["state"] for name, state in found.optimizers.items()} if found else {}
        return found and content_hash([found.model, states, found.progress])


def _stop(*_: object) -> None:
    raise HangError


def damaged_fields(file: Path, fraction: float, rng: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what was done to a checkpoint, and its content with one field left out or replaced; a fraction of all."""
    content = torch.load(file, weights_only=True)
    for where, parent, key in places(content, "", rng):
        for value in ("left out", *VALUES, nested(100)):
            if rng.random() < fraction:
                yield from _with(content, where, parent, key, value)
    config = json.loads(content["config"])
    for text in ("null", "7", "[]", "{", "[" * 10**5 + "]" * 10**5, "1" * 5000):
        yield f"config {text[:9]}", {**content, "config": text}
    for where, parent, key in places(config, "config", rng):
        for value in ("left out", *filter(_is_json, VALUES), nested(100)):
            if rng.random() < fraction:
                for what, changed in _with(config, where, parent, key, value):
                    yield what, {**content, "config": json.dumps(changed)}


def places(value: Any, path: str, rng: random.Random) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """Yield the fields in nested dicts: a name, the keys of the dict, and the key in it; of many of a kind, some."""
    waiting: list[tuple[str, tuple[Any, ...], Any]] = [(path, (), value)]
    while waiting:
        path, keys, value = waiting.pop()
        if isinstance(value, list) and value:
            value = {0: value[0]}
        if not isinstance(value, dict):
            continue
        names = list(value) if len(value) <= 16 else rng.sample(list(value), 3)
        for name in names:
            where = f"{path}.{name}".strip(".")
            yield where, keys, name
            waiting.append((where, (*keys, name), value[name]))


def _with(content: Any, where: str, parent: tuple[Any, ...], key: Any, value: Any) -> Iterator[tuple[str, Any]]:
    changed = copy.deepcopy(content)
    inside = changed
    for name in parent:
        inside = inside[name]
    try:
        if isinstance(value, str) and value == "left out":
            del inside[key]
        else:
            inside[key] = value
    except TypeError:  # inside a tuple
        return
    shown = f"tensor {tuple(value.shape)}" if isinstance(value, torch.Tensor) else repr(value)[:30]
    yield f"{where} {shown}", changed


def _is_json(value: Any) -> bool:
    return not isinstance(value, torch.Tensor) and value != {1: {}}


def cut_and_flipped(file: Path, truncations: int, flips: int, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield what was done to the bytes of a file, and the result."""
    whole = file.read_bytes()
    for _ in range(truncations):
        kept = rng.randrange(len(whole))
        yield f"cut at {kept}", whole[:kept]
    directory = whole.find(b"PK\x01\x02")
    headers = [place for place in range(len(whole)) if place >= directory or whole[place : place + 4] == b"PK\x03\x04"]
    for number in range(flips):
        place = rng.choice(headers) if number % 2 else rng.randrange(len(whole))
        place += rng.randrange(30) if place < directory and number % 2 else 0
        flipped = bytearray(whole)
        flipped[place] ^= 1 << rng.randrange(8)
        yield f"bit in byte {place}", bytes(flipped)


def damaged_files(bench: Bench, kind: str, options: argparse.Namespace) -> Iterator[str]:
    """Write damaged files of one kind to ``bench.damaged``, one after the other; yield what was done."""
    rng, file = random.Random(options.seed), bench.files[kind]
    if kind != "published":
        for what, content in damaged_fields(file, options.fields, rng):
            torch.save(content, bench.damaged)
            yield what
            with contextlib.suppress(ValueError, RuntimeError, AttributeError):  # no checksum can be computed
                others = {key: value for key, value in content.items() if key != CHECKSUM}
                torch.save({**others, CHECKSUM: content_hash(others)}, bench.damaged)
                yield f"{what}, checksum renewed"
    for what, whole in cut_and_flipped(file, options.truncations, options.flips, rng):
        bench.damaged.write_bytes(whole)
        yield what


def refused(kind: str, file: Path) -> bool:
    """Return whether the reader of a kind of files refuses a file; an error of another kind is for the commands."""
    try:
        read_weights(file) if kind == "published" else read_checkpoint(file)
    except I2IKitError:
        return True
    except Exception:
        return False
    return False


def fuzz(bench: Bench, options: argparse.Namespace, report: Callable[[str], None]) -> int:
    """Damage the files of each kind and use them; report the findings, and return their number."""
    findings, counts, rng = 0, Counter[str](), random.Random(options.seed)
    for kind in bench.files:
        commands = [name for name, (of, _) in bench.commands.items() if of == kind]
        for what in damaged_files(bench, kind, options):
            counts["files"] += 1
            chosen = commands
            if refused(kind, bench.damaged):
                counts["refused"] += 1
                chosen = [rng.choice(commands)] if rng.randrange(SAMPLED) == 0 else []
            for command in chosen:
                counts["uses"] += 1
                found = bench.try_out(command, bench.damaged)
                if found:
                    findings += 1
                    report(f"{kind}, {what}: {command}: {found}")
    report(f"{counts['files']} damaged files, {counts['refused']} refused by the reader; {counts['uses']} uses")
    return findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truncations", type=int, default=200, help="of each kind of file")
    parser.add_argument("--flips", type=int, default=1000, help="bits, of each kind of file")
    parser.add_argument("--fields", type=float, default=1.0, help="fraction of the damaged fields to try")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="fuzz_checkpoint_") as folder:
        bench = Bench(Path(folder))
        sys.addaudithook(watch)
        findings = fuzz(bench, options, lambda text: print(text, flush=True))
    print(f"{findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
