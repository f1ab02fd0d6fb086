"""Measures a model repeatedly while it trains, and keeps which measurement was the best."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import not_negative_int
from i2ikit.data.loading import MapDataset
from i2ikit.distributed.device import batch_to_device
from i2ikit.evaluation.measure import EvaluationData, Measurement, join, measure, prepare
from i2ikit.metrics.base import Metric
from i2ikit.translation import FixedSamples, UnpairedTranslation
from i2ikit.translation.outputs import domains_of, real_images


class Evaluator:
    """The metrics of a run on its held-out images.

    Args:
        model: on ``device``; all of its outputs are measured.
        dataset: held-out images.
        metrics: METRICS parts by name.
        device: of the model.
        seed: of the random numbers that the dataset uses, if it uses any.
        weights: ``"average"``: use the moving averages of generators where there are some; ``"raw"``: do not.
        metric: the value that decides which measurement is the best, such as ``"fid.clean"``; None: the first one that
            has a direction.
        better: ``"lower"`` or ``"higher"``; None: the direction that the metric declares.
        about: more entries of the protocol.

    Attributes:
        best: metric, direction, step, value and all values of the best measurement; empty before the first one.
        since_best: measurements since the best one.
    """

    def __init__(
        self,
        model: UnpairedTranslation,
        dataset: MapDataset,
        metrics: Mapping[str, Metric],
        *,
        device: torch.device,
        seed: int,
        weights: str = "average",
        metric: str | None = None,
        better: str | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.model, self.metrics = model, dict(metrics)
        self.data = {name: _data(dataset, name, model, seed) for name in model.outputs}
        self.device, self.averaged, self.about = device, weights == "average", dict(about or {})
        self.metric, self.better = metric, better
        self.best: dict[str, Any] = {}
        self.since_best = 0
        self._missing: dict[str, str] | None = None

    def prepare(self) -> dict[str, str]:
        """Load what metrics need, once; return why metrics cannot be measured, by name."""
        if self._missing is None:
            self._missing = prepare(self.metrics, self.device)
        return self._missing

    def measure(self, step: int, pause: Callable[[], None] = lambda: None) -> Measurement:
        """Measure the model after ``step``; the random streams of training are not used.

        Args:
            step: the last finished step.
            pause: called after each batch; an exception that it raises ends the measurement.
        """
        found = join({output: self._measure(output, pause) for output in self.data})
        self.update_best(step, found)
        return found

    def _measure(self, output: str, pause: Callable[[], None]) -> Measurement:
        image = self.model.outputs[output]
        expression = str(image)

        def translate(images: Mapping[str, Tensor], place: int) -> Tensor:
            batch, samples = batch_to_device(images, self.device), FixedSamples(places=place)
            return self.model.render(batch, [expression], averaged=self.averaged, samples=samples)[expression]

        averaged = self.averaged and any(self.model.to_show(name) != name for name in image.functions())
        about = {**self.about, "output": output, "weights": "average" if averaged else "raw"}
        return measure(translate, self.data[output], self.metrics, missing=self.prepare(), about=about, pause=pause)

    def update_best(self, step: int, found: Measurement) -> None:
        """Take over the measurement after ``step`` if it is the best so far."""
        name = self.metric or next(iter(found.better), None)
        if name is None or name not in found.metrics or self.is_best(step):
            return
        value, better = found.metrics[name], self.better or found.better.get(name)
        if not self.best or (value < self.best["value"] if better == "lower" else value > self.best["value"]):
            self.best = {"metric": name, "better": better, "step": step, "value": value, "metrics": found.metrics}
            self.since_best = 0
        else:
            self.since_best += 1

    def is_best(self, step: int) -> bool:
        """Return whether the measurement after ``step`` is the best so far."""
        return bool(self.best) and self.best["step"] == step

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run needs."""
        return {"best": self.best, "since_best": self.since_best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned, unless another metric or direction decides now."""
        best = dict(state.get("best", {}))
        if best:  # an error for a state of another kind
            if not isinstance(best["metric"], str):
                raise TypeError(f"the best measurement has the metric {best['metric']!r}")
            best |= {"value": float(best["value"]), "step": int(best["step"])}
            best["metrics"] = {name: float(value) for name, value in best["metrics"].items()}
        if best and self.metric in (None, best["metric"]) and self.better in (None, best["better"]):
            self.best, self.since_best = best, not_negative_int("since_best", state["since_best"])


def _data(dataset: MapDataset, output: str, model: UnpairedTranslation, seed: int) -> EvaluationData:
    source, *others = real_images(output, model.outputs[output], [*model.views])
    return EvaluationData(dataset, source, domains_of(output)[1], tuple(others), seed)
