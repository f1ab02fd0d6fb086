"""Damage checkpoints in every way, and use them: `python tools/fuzz_checkpoint.py --truncations 200 --flips 1000`.

A small run, the dump of a failed step and a file of published weights are damaged (`tools/damage.py`): each field left
out, of a wrong kind and out of range, with the old checksum and with one that fits; far too much of everything; the
file cut off; single bits flipped, half of them in the headers and the directory of the archive, or all of those with
`--headers`. Every command that reads such a file either refuses it with a message, or does what it does with the
undamaged file: the resumed run ends with the same weights, the translated image has the same pixels. Whatever else
happens is a finding: a traceback or an unexpected error, a silent difference, more than ten seconds, two gigabytes of
memory, another process. A file that the reader refuses is given to the commands only now and then; of one that it
accepts, some commands are tried. The exit code is 0 if there is no finding.
"""

import argparse
import contextlib
import io
import json
import os
import pickle
import random
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from damage import damaged_files
from PIL import Image

from i2ikit.cli.app import app
from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
from i2ikit.engine.checkpointing.reproduce import FailedStep, write_step
from i2ikit.errors import I2IKitError
from i2ikit.inference.interop.files import read_weights
from i2ikit.tensor_files import content_hash

SECONDS = 10  # of computing, after which a command counts as hanging
MEMORY = 2 * 2**30  # bytes that a command may take
WAITING = 300  # seconds on the clock: it waits for something
SIZE = 16  # pixels
CONFIG = f"""
PATCHES = dict(type="PatchTerm", taps=["stem", "down1"], head="f", loss=dict(type="PatchNCELoss"),
               sampler=dict(type="RandomSampler", num=4), negatives=dict(type="MemoryBank", layers=2, dim=4, size=8))
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
schedule = dict(type="PlateauDecay", patience=1)
data = dict(load_size={SIZE}, workers=0, train=dict(type="Stripes", count=2),
            test=dict(type="Stripes", split="test", count=1))
metrics = dict(content=dict(type="ContentPreservation"))
evaluation = dict(every=1, metric="content.edges")
train = dict(steps=3)
checkpoint = dict(every=1)
samples = dict(count=1, gallery=0)
"""
UNEXPECTED = ("Traceback", "unexpected error", "not foreseen", "Error: ", "allocate")
NOTED = ("it starts without one",)  # notes of a resumed run that explain a difference
SAMPLED = 20  # of the files that the reader refuses, one in so many is given to the commands
TRIED = 3  # commands for one that it accepts
started: list[str] = []  # processes; an audit hook cannot be removed


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Note the start of a process."""
    if event in ("subprocess.Popen", "os.system", "os.exec", "os.forkpty", "os.posix_spawn", "pty.spawn"):
        started.append(f"{event} {arguments[:1]}")


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

    def __init__(self, folder: Path, seconds: int = SECONDS) -> None:
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
        """Give a file to a command in a child of this process; return the finding, or an empty string."""
        source, target = os.pipe()
        child = os.fork()
        if child == 0:
            self._use_in_child(command, file, target)
        os.close(target)
        with open(source, "rb") as pipe:
            found = pipe.read()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            return f"more than {self.seconds} s" if number == signal.SIGXCPU else f"ended by signal {number}"
        problem, code, printed, result = pickle.loads(found)
        if problem:
            return problem
        if any(word in printed for word in UNEXPECTED) or "\x1b" in printed:
            return f"exit code {code}: {printed[-300:]}"
        silent = not any(word in printed for word in NOTED)
        return "a silent difference" if code == 0 and result != self.expected[command] and silent else ""

    def _use_in_child(self, command: str, file: Path, target: int) -> None:
        if self.seconds:
            resource.setrlimit(resource.RLIMIT_CPU, (self.seconds, self.seconds + 1))
        signal.alarm(WAITING)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        started.clear()
        problem, used = "", (0, "", None)
        try:
            used = self._use(command, file)
        except BaseException:
            problem = f"a traceback: {traceback.format_exc(limit=-3)}"
        with open(target, "wb") as pipe:
            pickle.dump((problem or (f"another process: {started[0]}" if started else ""), *used), pipe)
        os._exit(0)

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


def accepted(kind: str, file: Path) -> str | None:
    """Return a hash of what the reader of a kind of files finds in a file, or None if it refuses the file.

    An error of another kind is for the commands: then the hash is empty.
    """
    try:
        return content_hash(read_weights(file)[0] if kind == "published" else vars(read_checkpoint(file)))
    except I2IKitError:
        return None
    except Exception:
        return ""


def fuzz(bench: Bench, options: argparse.Namespace, report: Callable[[str], None]) -> int:
    """Damage the files of each kind and use them; report the findings, and return their number."""
    findings, counts, rng = 0, Counter[str](), random.Random(options.seed)
    for kind, whole in bench.files.items():
        commands = [name for name, (of, _) in bench.commands.items() if of == kind]
        expected = accepted(kind, whole)
        for what in damaged_files(whole, bench.damaged, options, fields=kind != "published"):
            counts["files"] += 1
            found = accepted(kind, bench.damaged)
            counts["refused"] += found is None
            counts["equal"] += found == expected
            rare = found in (None, expected)
            chosen = rng.sample(commands, min(len(commands), 1 if rare else TRIED))
            for command in chosen if not rare or rng.randrange(SAMPLED) == 0 else ():
                counts["uses"] += 1
                finding = bench.try_out(command, bench.damaged)
                if finding:
                    findings += 1
                    report(f"{kind}, {what}: {command}: {finding}")
    report(
        f"{counts['files']} damaged files, {counts['refused']} refused by the reader, {counts['equal']} with the same "
        f"content; {counts['uses']} uses"
    )
    return findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truncations", type=int, default=200, help="of each kind of file")
    parser.add_argument("--flips", type=int, default=1000, help="bits, of each kind of file")
    parser.add_argument("--fields", type=float, default=1.0, help="fraction of the damaged fields to try")
    parser.add_argument("--hostile", action="store_true", help="files that ask for far too much")
    parser.add_argument("--headers", action="store_true", help="flip every bit of all headers of the archives")
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
