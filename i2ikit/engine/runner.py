"""mmengine's Runner, reduced to the parts that a run needs, and the model as mmengine calls it."""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from mmengine.dist import get_dist_info
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import BaseLoop, Runner
from torch import Tensor, nn

from i2ikit.data.loading import TrainLoader
from i2ikit.distributed import processes
from i2ikit.distributed.device import batch_to_device
from i2ikit.engine.graphed_steps import GraphedSteps
from i2ikit.engine.log import RunLog
from i2ikit.engine.optim import PhaseUpdater
from i2ikit.engine.reporter import Reporter
from i2ikit.errors import RunError
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation
from i2ikit.work_dir import WorkDir

_names = itertools.count()  # mmengine keeps loggers and message hubs by name until the process ends


def first_positions(batches: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the index of each batch's first image among all images of a step, other processes included."""
    size, ranks, rank = len(batches[0]["a"]), processes.count(), processes.rank()
    return [(number * ranks + rank) * size for number in range(len(batches))]


class RunnerModel(nn.Module):
    """Adapts the model, which does not depend on mmengine, to mmengine's ``train_step(data, optim_wrapper)``.

    Args:
        translation: the model, on ``device``.
        device: where batches go.
        seed: of the random numbers of each step.
        graphs: runs steps as CUDA graphs; None: they run as usual.

    Attributes:
        progress: of the next step; the loop sets it.
    """

    def __init__(
        self, translation: UnpairedTranslation, device: torch.device, seed: int, graphs: GraphedSteps | None = None
    ) -> None:
        super().__init__()
        self.translation = translation
        self.device, self.seed, self.graphs = device, seed, graphs
        self.progress = Progress(epoch=1, step=1, epochs=1, steps=1)

    def train_step(self, data: Sequence[Mapping[str, Any]], optim_wrapper: PhaseUpdater) -> dict[str, Tensor]:
        """Run all phases on the batches of a step; return the unweighted losses by name of the term, detached."""
        batches = [batch_to_device(batch, self.device) for batch in data]
        streams = [RandomStreams(self.seed, self.progress.step, first=first) for first in first_positions(batches)]
        if self.graphs is not None:
            return self.graphs(batches[0], self.progress, streams[0])
        return self.translation.train_step(batches, optim_wrapper, self.progress, streams)


class TranslationRunner(Runner):
    """Calls the loop and the hooks. Device, log, config files and checkpoints are handled by the engine.

    Left out of mmengine's: collecting the environment (imports modules that newer Pythons lack), its log file and
    folder, its default hooks, moving the model to any available GPU, global settings of multiprocessing.

    Args:
        model: on its device.
        updater: of the phases.
        loader: of the training batches.
        config: resolved.
        folder: work directory of the run.
        hooks: in the order of their priorities; among equals, in this order.
        backends: configs of the visualization back ends of this process.
        reporter: shows notes to the user; silent in all processes but the first.
        log: of the run.
        facts: stored in the checkpoints; tensors and plain data.
        seconds: that the run took before it was resumed.
    """

    model: RunnerModel
    optim_wrapper: PhaseUpdater

    def __init__(
        self,
        model: RunnerModel,
        updater: PhaseUpdater,
        loader: TrainLoader,
        *,
        config: dict[str, Any],
        folder: WorkDir,
        hooks: Sequence[Hook],
        backends: Sequence[Mapping[str, Any]],
        reporter: Reporter,
        log: RunLog,
        facts: Mapping[str, Any],
        seconds: float,
    ) -> None:
        self.config, self.folder, self.reporter, self.log, self.facts = config, folder, reporter, log, facts
        self._start = time.monotonic() - seconds
        super().__init__(
            model=model,
            work_dir=str(folder.path),
            train_dataloader=loader,
            train_cfg={},
            optim_wrapper=updater,
            custom_hooks=list(hooks),
            randomness={"seed": config["seed"]},
            visualizer={"type": "Visualizer", "vis_backends": [dict(backend) for backend in backends]},
            log_level="WARNING",
            experiment_name=f"i2ikit_{next(_names)}",
            cfg=config,
        )

    @property
    def progress(self) -> Progress:
        """Of the current step."""
        found: Progress = self.train_loop.progress
        return found

    @property
    def translation(self) -> UnpairedTranslation:
        """The model without mmengine's wrapper."""
        return self.model.translation

    def seconds(self) -> float:
        """Return the seconds that the run has taken so far, without its interruptions."""
        return time.monotonic() - self._start

    def settle(self) -> None:
        """Wait for the steps so far; before something is saved or shown.

        Raises:
            RunError: a loss or a gradient of them was not finite.
        """
        self.train_loop.check.settle()

    def train_with(self, loop: BaseLoop, restore: Callable[[], None]) -> None:
        """Train with a built loop; ``restore`` is called once all hooks are ready to load their states."""
        self._train_loop, self._restore = loop, restore
        self.train()

    def close_hooks(self) -> None:
        """Call ``close()`` of all hooks that have it, even if one of them fails."""
        with ExitStack() as stack:
            for hook in self.hooks:
                if callable(close := getattr(hook, "close", None)):
                    stack.callback(close)

    def call_hook(self, fn_name: str, **arguments: Any) -> None:
        """Call all hooks; their errors pass unchanged, with their tracebacks."""
        for hook in self._hooks:
            if hasattr(hook, fn_name):
                getattr(hook, fn_name)(self, **arguments)

    def setup_env(self, env_cfg: dict[str, Any]) -> None:
        """Set rank and world size, and nothing global."""
        self._rank, self._world_size = get_dist_info()
        self._timestamp = ""  # mmengine's log folder is work_dir / timestamp: the work directory itself

    def set_randomness(self, seed: int, **options: Any) -> None:
        """Keep the seed; the loop seeds every step."""
        self._seed, self._deterministic = seed, False

    def build_logger(self, log_level: int | str = "WARNING", log_file: str | None = None, **options: Any) -> MMLogger:
        """Return a logger that writes warnings to the console and nothing to a file."""
        return MMLogger.get_instance(name=self._experiment_name, logger_name="mmengine", log_level=log_level)

    def _log_env(self, env_cfg: dict[str, Any]) -> None:
        """Collect nothing: the first line of the run's own log has the environment."""

    def wrap_model(self, model_wrapper_cfg: dict[str, Any] | None, model: nn.Module) -> nn.Module:
        """Return the model unchanged: it is on its device."""
        return model

    def dump_config(self) -> None:
        """Write nothing: the work directory has the config."""

    def register_default_hooks(self, hooks: dict[str, Hook] | None = None) -> None:
        """Register none of mmengine's default hooks."""

    def load_or_resume(self) -> None:
        """Restore by the engine's own means: mmengine's would read a file that may contain code."""
        self._restore()

    def load_checkpoint(self, filename: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Refuse to read a file that may contain code."""
        raise RunError(f"mmengine's own checkpoints are not read here ({filename}): use --resume or --init")

    def resume(self, filename: str, *arguments: Any, **options: Any) -> None:
        """Refuse to read a file that may contain code."""
        self.load_checkpoint(filename)
