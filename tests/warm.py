"""Python programs in processes of their own that need not wait for the import of torch: forks of one that waits.

They share nothing but imported modules. What imports do is tested in fresh processes.
"""

import json
import os
import runpy
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
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
    """Runs programs one at a time, each in a fork of one process."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __call__(
        self,
        *arguments: str | Path,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        input: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python ARGUMENTS``, which begin with ``-m``, ``-c`` or the path of a script.

        Args:
            cwd, env, input: as for ``subprocess.run``; by default those of this process, and no input.
        """
        words = [str(argument) for argument in arguments]
        with tempfile.TemporaryDirectory() as folder:
            files = [str(Path(folder, name)) for name in ("input", "output", "errors")]
            Path(files[0]).write_text(input)
            job = {"arguments": words, "files": files, "cwd": str(cwd or Path.cwd()), "env": dict(env or os.environ)}
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            print(json.dumps(job), file=self._process.stdin, flush=True)
            code = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(words, code, *(Path(file).read_text() for file in files[1:]))

    def close(self) -> None:
        """End the process that waits."""
        self._process.communicate()


def serve() -> dict[str, Any]:
    """Fork for each line of the input and write the exit code; return in the fork, with what it should run."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            job: dict[str, Any] = json.loads(line)
            return job
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    sys.exit()


def become(arguments: list[str], files: list[str], cwd: str, env: dict[str, str]) -> None:
    """Run a program in place of this one."""
    for number, (file, flags) in enumerate(zip(files, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)):
        os.dup2(os.open(file, flags), number)
    sys.stdin = os.fdopen(0, closefd=False)
    os.chdir(cwd)
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
    become(**serve())
