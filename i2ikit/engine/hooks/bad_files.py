"""Tells of files that could not be read."""

from collections.abc import Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from i2ikit.data.bad_files import BadFiles
from i2ikit.engine.json_log import JsonLog
from i2ikit.engine.reporter import Reporter


class BadFilesHook(Hook):
    """Names each file that the loader could not read, once in a run, however often the run is resumed.

    Args:
        bad_files: of the loader.
        log: gets a line ``{"event": "bad_file", "step": N, "file": message}``.
        reporter: gets a sentence.
    """

    priority = "NORMAL"

    def __init__(self, bad_files: BadFiles, log: JsonLog, reporter: Reporter) -> None:
        self.bad_files, self.log, self.reporter = bad_files, log, reporter

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Tell what came with the batch of this step."""
        for message in self.bad_files.new():
            self.log.write({"event": "bad_file", "step": runner.train_loop.progress.step, "file": message})
            count = f"{len(self.bad_files.messages)} of {self.bad_files.allowed} bad files that the run bears"
            self.reporter.note(f"{message.rstrip('.')}. Another takes its place; {count}.")

    def state_dict(self) -> dict[str, Any]:
        """Return what was told so far."""
        return self.bad_files.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Remember what was told."""
        self.bad_files.load_state_dict(state)
