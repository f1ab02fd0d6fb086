"""mmengine's Runner without what a run here does itself or must not do."""

from collections.abc import Callable
from typing import Any

from mmengine.dist import get_dist_info
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import BaseLoop, Runner
from torch import nn

from i2ikit.errors import RunError


class TranslationRunner(Runner):
    """Calls the loop and the hooks. Device, log, config files and checkpoints are the engine's own.

    Left out of mmengine's: collecting the environment (imports modules that newer Pythons lack), a log file and folder
    of its own, its default hooks, moving the model to any GPU that is there, global settings of multiprocessing.
    """

    def setup_env(self, env_cfg: dict[str, Any]) -> None:
        """Set rank and world size, and nothing global."""
        self._rank, self._world_size = get_dist_info()
        self._timestamp = ""  # mmengine's log folder is work_dir / timestamp: the work directory itself

    def set_randomness(self, seed: int, **options: Any) -> None:
        """Remember the seed; the loop seeds every step."""
        self._seed, self._deterministic = seed, False

    def build_logger(self, log_level: int | str = "WARNING", log_file: str | None = None, **options: Any) -> MMLogger:
        """Return a logger that writes warnings to the console and nothing to a file."""
        return MMLogger.get_instance(name=self._experiment_name, logger_name="mmengine", log_level=log_level)

    def _log_env(self, env_cfg: dict[str, Any]) -> None:
        """Collect nothing: the first line of the run's own log has the environment."""

    def wrap_model(self, model_wrapper_cfg: dict[str, Any] | None, model: nn.Module) -> nn.Module:
        """Return the model as it is: it is on its device."""
        return model

    def dump_config(self) -> None:
        """Write nothing: the work directory has the config."""

    def register_default_hooks(self, hooks: dict[str, Hook] | None = None) -> None:
        """Register these hooks and none of mmengine's."""
        for hook in (hooks or {}).values():
            self.register_hook(hook)

    def call_hook(self, fn_name: str, **arguments: Any) -> None:
        """Call all hooks; an error of theirs passes through as it is, with its traceback."""
        for hook in self._hooks:
            if hasattr(hook, fn_name):
                getattr(hook, fn_name)(self, **arguments)

    def train_with(self, loop: BaseLoop, restore: Callable[[], None]) -> None:
        """Train by a loop that is already built; ``restore`` is called once all hooks are ready to take their state."""
        self._train_loop, self._restore = loop, restore
        self.train()

    def load_or_resume(self) -> None:
        """Restore by the engine's own means: mmengine's would read a file that may hold code."""
        self._restore()

    def load_checkpoint(self, filename: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Refuse to read a file that may hold code."""
        raise RunError(f"mmengine's own checkpoints are not read here ({filename}): use --resume or --init")

    def resume(self, filename: str, *arguments: Any, **options: Any) -> None:
        """Refuse to read a file that may hold code."""
        self.load_checkpoint(filename)
