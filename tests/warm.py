"""Python programs in processes of their own that need not wait for the import of torch: forks of one that waits.

They share nothing but imported modules. What imports do is tested in fresh processes.
"""

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any

IMPORTED = (  # what takes long; nothing of it reads plugins or starts a thread
    "torchvision.transforms.v2",
    "torch._dynamo",
    "rich.table",
    "i2ikit.api",
    "i2ikit.cli.app",
    "i2ikit.engine.train",
    "i2ikit.evaluation",
    "i2ikit.inference",
    "i2ikit.report",
)


class WarmPython:
    """Starts programs, each in a fork of one process."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __call__(
        self, *arguments: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None, input: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python ARGUMENTS``, which begin with ``-m``, ``-c`` or the path of a script, to its end.

        Args:
            cwd, env, input: as for ``subprocess.run``; by default those of this process, and no input.
        """
        with tempfile.TemporaryDirectory() as folder:
            given, output, errors = (Path(folder, name) for name in ("input", "output", "errors"))
            given.write_text(input)
            code = self.start(*arguments, files=(given, output, errors), cwd=cwd, env=env).wait()
            return subprocess.CompletedProcess([*arguments], code, output.read_text(), errors.read_text())

    def start(
        self,
        *arguments: str | Path,
        files: tuple[Path, Path, Path],
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> "WarmProcess":
        """Start ``python ARGUMENTS`` in a session of its own; input, output and errors are files."""
        job = {
            "arguments": [*map(str, arguments)],
            "files": [*map(str, files)],
            "cwd": str(cwd or Path.cwd()),
            "env": dict(env or os.environ),
        }
        return WarmProcess(self, self.ask(job))

    def ask(self, question: dict[str, Any]) -> Any:
        """Return the answer of the process that waits: to a job a process, to ``{"ended": PROCESS}`` its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(question), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process that waits, also while a forked worker of a loader holds the other end of its input."""
        self._process.kill()
        self._process.communicate()


class WarmProcess:
    """A program that was started; has what tests use of ``subprocess.Popen``."""

    def __init__(self, python: WarmPython, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._python = python

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        if self.returncode is None:
            self.returncode = self._python.ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float = 600) -> int:
        """Return the exit code once it has ended."""
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            assert time.monotonic() < end, f"process {self.pid} still runs"
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


def serve() -> dict[str, Any]:
    """Fork for each job, and answer what became of the forks; return in a fork, with its job."""
    for line in sys.stdin:
        question: dict[str, Any] = json.loads(line)
        if "ended" in question:
            pid, status = os.waitpid(question["ended"], os.WNOHANG)
            print(json.dumps(os.waitstatus_to_exitcode(status) if pid else None), flush=True)
            continue
        child = os.fork()
        if child == 0:
            return question
        print(child, flush=True)
    sys.exit()


def become(arguments: list[str], files: list[str], cwd: str, env: dict[str, str]) -> None:
    """Run a program in place of this one."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    os.chdir(cwd)
    for number, file in enumerate(files):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND if number else os.O_RDONLY), number)
    sys.stdin = os.fdopen(0, closefd=False)
    os.environ.clear()
    os.environ.update(env)
    own, *rest = arguments
    first = cwd if own in ("-m", "-c") else str(Path(own).parent)
    sys.path[:0] = [first, *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    if own == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif own == "-c":
        sys.argv = [own, *rest[1:]]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), vars(main))
    else:
        sys.argv = arguments
        runpy.run_path(own, run_name="__main__")


if __name__ == "__main__":
    sys.path[:] = [path for path in sys.path if Path(path) != Path(__file__).parent]
    for module in IMPORTED:
        __import__(module)
    gc.freeze()  # at its end a fork would look through all of it for garbage, for a second
    become(**serve())
