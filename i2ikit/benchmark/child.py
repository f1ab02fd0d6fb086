"""One slice of one run, in a process of its own: `python -m i2ikit.benchmark.child JOB.json`.

A process of its own has a memory peak of its own, and leaves nothing behind that could help or hinder the next slice.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from i2ikit.engine.hooks.step_times import StepTimes
from i2ikit.engine.train import train
from i2ikit.errors import I2IKitError
from i2ikit.work_dir import WorkDir


def run_slice(job: dict[str, Any]) -> dict[str, Any]:
    """Train from where the run stands up to a step, and return what it took.

    Args:
        job: ``config``, ``work_dir``, ``pause_at`` (None: to the end), ``device``.

    Returns:
        ``first`` and ``step``, the first step and the last one that were done; ``seconds`` and ``memory`` of each.
    """
    work_dir = Path(job["work_dir"])
    times = StepTimes()
    result = train(
        job["config"],
        work_dir=work_dir,
        device=job["device"],
        pause_at=job["pause_at"],
        resume=bool(WorkDir(work_dir).list_checkpoints()),
        hooks=times.hooks,
    )
    return {
        "first": min(times.seconds, default=result.step + 1),
        "step": result.step,
        "seconds": [round(seconds, 6) for seconds in times.seconds.values()],
        "memory": list(times.memory.values()),
    }


def end_with_parent() -> None:
    """Ask this process to save and end when the one that started it is gone, which closes standard input."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1):  # not sys.stdin.read, which holds a lock that Python wants at its end
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def main(path: Path) -> int:
    """Run the job of a file; write ``done`` or ``error`` into it. Return the exit code."""
    end_with_parent()
    job = json.loads(path.read_text("utf-8"))
    try:
        job["done"] = run_slice(job)
    except I2IKitError as error:
        job["error"], code = str(error), error.exit_code
    else:
        code = 0
    path.write_text(json.dumps(job), "utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
