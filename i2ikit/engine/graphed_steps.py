"""Training steps that are captured as CUDA graphs, one for each kind of step, where they can be."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, cast

import torch
from torch import Tensor

from i2ikit.distributed import processes
from i2ikit.engine.cuda_graphs import Backend, CudaBackend, Draw, Draws, Losses, StepGraph, WatchedProgress
from i2ikit.engine.optim import PhaseUpdater
from i2ikit.interfaces.progress import Progress
from i2ikit.translation import RandomStreams, Step, UnpairedTranslation

WARM_UP = 3  # steps of each kind that run as usual before it is captured: kernels are chosen, states are made
MOST = 16  # graphs; each keeps the memory of its step
FIXED = (bool, str, type(None))  # types of a view's sample that can be part of the kind of a step


class _Kind:
    """A kind of step: warmed up first, then captured, then replayed.

    Attributes:
        warm: steps so far that ran as usual.
        draws: what the steps draw.
    """

    def __init__(self) -> None:
        self.warm = 0
        self.draws: dict[Draw, Tensor] = {}
        self.graphs: list[StepGraph] = []


class GraphedSteps:
    """Runs training steps, each kind of which is captured once and then replayed.

    The kind of a step are its active terms, the samples of its views, the sizes of its images, and what its terms read
    of the progress. Images, random positions and noise, weights of terms and learning rates are copied into the buffers
    of a graph. Where a step cannot be captured, it runs as usual, and the reason is told once.

    Args:
        model: on its device.
        updater: with fused optimizers; their learning rates become tensors.
        backend: captures.
        note: is called with the reason why steps run as usual.
    """

    def __init__(
        self, model: UnpairedTranslation, updater: PhaseUpdater, backend: Backend, note: Callable[[str], None]
    ) -> None:
        self._model, self._updater, self._backend, self._note = model, updater, backend, note
        self._kinds: dict[Hashable, _Kind] = {}
        self._reason = ""
        updater.keep_rates_on_device()

    @property
    def count(self) -> int:
        """The number of graphs."""
        return sum(len(kind.graphs) for kind in self._kinds.values())

    def __call__(self, batch: Mapping[str, Any], progress: Progress, streams: RandomStreams) -> Losses:
        """Run a step on a batch that is on the device; see :meth:`UnpairedTranslation.train_step`."""
        if self._reason:
            return self._model.train_step([batch], self._updater, progress, [streams])
        images = {name: value for name, value in batch.items() if isinstance(value, Tensor)}
        drawing = Draws(streams)
        (step,) = self._model.make_steps([images], progress, [drawing])
        kind = self._kinds.setdefault(self._key(step, images), _Kind())
        graph = next((each for each in kind.graphs if _equal(each.read, progress)), None)
        if graph is None and kind.warm >= WARM_UP:
            graph = self._captured(kind, images, progress, streams)
        if graph is not None:
            weights = {name: float(weight) for phase in step.active for name, (_, weight) in phase.items()}
            return graph.run(images, weights, streams)
        watched = WatchedProgress(progress)
        step.progress = cast(Progress, watched)
        losses = self._backend.warm_up(lambda: self._model.run_steps([step], self._updater))
        kind.warm, kind.draws = kind.warm + 1, drawing.drawn
        if "step" in watched.read:
            self._give_up("a term reads the number of the step")
        return losses

    def _key(self, step: Step, images: Mapping[str, Tensor]) -> Hashable:
        samples = step.images.samples
        for name, sample in samples.items():
            if not isinstance(sample, FIXED):
                self._give_up(f"view {name!r} computes with random numbers on the CPU")
        terms = tuple(tuple(phase) for phase in step.active)
        shapes = tuple((name, tuple(x.shape), x.dtype) for name, x in images.items())
        return terms, shapes, tuple((name, str(sample)) for name, sample in samples.items())

    def _captured(
        self, kind: _Kind, images: Mapping[str, Tensor], progress: Progress, streams: RandomStreams
    ) -> StepGraph | None:
        if self.count == MOST:
            self._give_up(f"there are more than {MOST} kinds of steps")
        if self._reason:
            return None
        try:
            graph = StepGraph(
                self._model,
                self._updater,
                self._backend,
                batch=images,
                progress=progress,
                streams=streams,
                draws=kind.draws,
            )
        except Exception as error:  # of any kind: parts come from plugins
            self._updater.take_flags()
            self._give_up(str(error).strip().partition("\n")[0] or repr(error))
            return None
        kind.graphs.append(graph)
        return graph

    def _give_up(self, reason: str) -> None:
        if not self._reason:
            self._reason = reason
            self._note(f"train.cuda_graph: steps run without a CUDA graph: {reason.rstrip('.')}.")


def _equal(read: Mapping[str, Any], progress: Progress) -> bool:
    return all(getattr(progress, name) == value for name, value in read.items())


def graphed_steps(
    model: UnpairedTranslation,
    updater: PhaseUpdater,
    train: Mapping[str, Any],
    device: torch.device,
    note: Callable[[str], None],
) -> GraphedSteps | None:
    """Return what runs the steps of a training as CUDA graphs; None unless ``train.cuda_graph`` is set and they can be.

    Args:
        model: on its device.
        updater: of its phases.
        train: the section of a resolved config.
        device: of this process.
        note: gets the reason why they cannot be.
    """
    if not train["cuda_graph"]:
        return None
    reasons = {
        f"the run is on {device}": device.type != "cuda",
        f"train.accumulate is {train['accumulate']}": train["accumulate"] > 1,
        "the loss scaling of fp16 is not captured; use bf16": train["precision"] == "fp16",
        "several processes train": processes.count() > 1,
        "the optimizer is not fused": not updater.fused,
    }
    reason = next((text for text, holds in reasons.items() if holds), "")
    if reason:
        note(f"train.cuda_graph: steps run without a CUDA graph: {reason}.")
        return None
    return GraphedSteps(model, updater, CudaBackend(device), note)
