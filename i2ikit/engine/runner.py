"""What a run hands to its hooks, and the model as mmengine calls it."""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from i2ikit.build import reason
from i2ikit.data.loading import TrainLoader
from i2ikit.distributed import processes
from i2ikit.distributed.device import batch_to_device
from i2ikit.engine.graphed_steps import GraphedSteps
from i2ikit.engine.log import RunLog
from i2ikit.engine.optim import PhaseUpdater
from i2ikit.engine.reporter import Reporter
from i2ikit.errors import I2IKitError
from i2ikit.from_mmengine import Hook, MessageHub, MMLogger, priority_of
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation
from i2ikit.work_dir import WorkDir

if TYPE_CHECKING:
    from i2ikit.engine.loop import TranslationLoop
    from i2ikit.from_mmengine import Config, Visualizer

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


class TranslationRunner:
    """Holds a run and calls its hooks; it has the attributes of mmengine's Runner that hooks read while they train.

    The loop, device, log, config files and checkpoints are the engine's own. mmengine's visualization is imported only
    for a run with ``vis_backends``, or for a hook that draws.

    Args:
        model: on its device.
        updater: of the phases.
        loader: of the training batches.
        config: resolved.
        folder: work directory of the run.
        hooks: called in the order of their priorities; among equals, in this order.
        backends: configs of mmengine's visualization back ends in this process.
        reporter: shows notes to the user; silent in all processes but the first.
        log: of the run.
        facts: stored in the checkpoints; tensors and plain data.
        seconds: that the run took before it was resumed.

    Attributes:
        train_loop: set by :meth:`train_with`.
        logger: mmengine's, for warnings of hooks; it writes to no file.
        message_hub: mmengine's, where hooks leave values for each other.
    """

    train_loop: "TranslationLoop"
    param_schedulers = None  # mmengine's; a run has one schedule, which its loop applies

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
        self.model, self.optim_wrapper, self.train_dataloader = model, updater, loader
        self.config, self.folder, self.reporter, self.log, self.facts = config, folder, reporter, log, facts
        self.hooks = sorted(hooks, key=lambda hook: priority_of(hook.priority))
        self.work_dir = self.log_dir = str(folder.path)
        self.seed: int = config["seed"]
        self.rank, self.world_size = processes.rank(), processes.count()
        self.distributed = self.world_size > 1
        self.experiment_name = f"i2ikit_{next(_names)}"
        self.logger = MMLogger.get_instance(self.experiment_name, logger_name="mmengine", log_level="WARNING")
        self.message_hub = MessageHub.get_instance(self.experiment_name)
        self._backends = backends
        self._start = time.monotonic() - seconds

    @property
    def progress(self) -> Progress:
        """Of the current step."""
        return self.train_loop.progress

    @property
    def translation(self) -> UnpairedTranslation:
        """The model without mmengine's wrapper."""
        return self.model.translation

    @property
    def epoch(self) -> int:
        """Complete epochs; read by mmengine's hooks, as the next four."""
        return self.train_loop.epoch

    @property
    def iter(self) -> int:
        """Steps before the current one."""
        return self.train_loop.iter

    @property
    def max_epochs(self) -> int:
        """Epochs of the complete run."""
        return self.train_loop.max_epochs

    @property
    def max_iters(self) -> int:
        """Steps of the complete run."""
        return self.train_loop.max_iters

    @cached_property
    def cfg(self) -> "Config":
        """The config as mmengine's class."""
        from i2ikit.from_mmengine import Config

        return Config(self.config)

    @cached_property
    def visualizer(self) -> "Visualizer":
        """mmengine's visualizer with the back ends of ``vis_backends``; made when it is first read."""
        from i2ikit.from_mmengine import Visualizer

        options = [dict(backend) for backend in self._backends]
        found = Visualizer.get_instance(self.experiment_name, vis_backends=options, save_dir=self.log_dir)
        found.add_config(self.cfg)
        return found

    def seconds(self) -> float:
        """Return the seconds that the run has taken so far, without its interruptions."""
        return time.monotonic() - self._start

    def settle(self) -> None:
        """Wait for the steps so far; before something is saved or shown.

        Raises:
            RunError: a loss or a gradient of them was not finite.
        """
        self.train_loop.check.settle()

    def train_with(self, loop: "TranslationLoop", restore: Callable[[], None]) -> None:
        """Train with a built loop; ``restore`` is called once all hooks are ready to load their states."""
        self.train_loop = loop
        self._begin()
        restore()
        loop.run()
        self.call_hook("after_run")

    def _begin(self) -> None:
        """Call ``before_run`` of all hooks; those of mmengine check some arguments there, by errors of any kind."""
        for hook in self.hooks:
            name = type(hook).__name__
            try:
                if hasattr(hook, "before_run"):
                    hook.before_run(self)
            except Exception as error:
                if not type(hook).__module__.startswith("mmengine."):
                    raise
                raise I2IKitError(
                    f"the hook {name} cannot start: {reason(error)}. `i2ikit show hooks {name}` has its arguments."
                ) from error

    def close_hooks(self) -> None:
        """Call ``close()`` of all hooks that have it, even if one of them fails."""
        with ExitStack() as stack:
            for hook in self.hooks:
                if callable(close := getattr(hook, "close", None)):
                    stack.callback(close)

    def call_hook(self, fn_name: str, **arguments: Any) -> None:
        """Call all hooks; their errors pass unchanged, with their tracebacks."""
        for hook in self.hooks:
            if hasattr(hook, fn_name):
                getattr(hook, fn_name)(self, **arguments)
