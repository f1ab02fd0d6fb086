"""Reports files that cannot be read."""

from collections.abc import Mapping
from typing import Any

from i2ikit.data.bad_files import BadFiles
from i2ikit.engine.runner import TranslationRunner
from i2ikit.from_mmengine import Hook


class BadFilesHook(Hook):
    """Reports each file that the loader could not read once in a run, also if the run is resumed.

    Each file is a line ``{"event": "bad_file", "step": N, "file": message}`` of the log and a note to the user.

    Args:
        bad_files: of the loader.
    """

    priority = "NORMAL"

    def __init__(self, bad_files: BadFiles) -> None:
        self.bad_files = bad_files

    def before_train_iter(self, run: TranslationRunner, batch_idx: int, data_batch: Any = None) -> None:
        """Report the bad files of this step's batch."""
        for message in self.bad_files.new():
            run.log.write({"event": "bad_file", "step": run.progress.step, "file": message})
            count = f"{len(self.bad_files.messages)} of {self.bad_files.allowed} bad files that this run allows"
            run.reporter.note(f"{message.rstrip('.')}. It was replaced by another file; {count}.")

    def state_dict(self) -> dict[str, Any]:
        """Return the files reported so far."""
        return self.bad_files.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the files reported so far."""
        self.bad_files.load_state_dict(state)
