"""Measures a model while it trains, and remembers which measurement was the best."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from i2ikit.config.data import dataset_config
from i2ikit.data.loading import MapDataset
from i2ikit.distributed.device import batch_to_device
from i2ikit.engine.assemble import Parts
from i2ikit.evaluation.measure import Measurement, measure, prepare
from i2ikit.translation import UnpairedTranslation


def make_evaluation(config: Mapping[str, Any], parts: Parts, device: torch.device) -> "Evaluation | None":
    """Return the evaluation of a run, or None for a config without metrics or without test data.

    Args:
        config: resolved, with defaults.
        parts: of the run, the model on ``device``.
        device: where it runs.
    """
    if parts.test_data is None or not parts.metrics:
        return None
    return Evaluation(
        parts.model,
        parts.test_data,
        parts.metrics,
        device=device,
        seed=config["seed"],
        about={"data": dataset_config(config["data"], "test")},
        **{key: config["evaluation"].get(key) for key in ("weights", "metric", "better")},
    )


class Evaluation:
    """The metrics of a run on its held-out images.

    Args:
        model: on ``device``; its first generator, say ``ab``, translates domain ``a`` to ``b``.
        dataset: held-out images.
        metrics: METRICS parts by name.
        device: where the model is.
        seed: of what the data set draws, if it draws anything.
        weights: ``"average"``: a generator that has a moving average is replaced by it; ``"raw"``: it is not.
        metric: the number that says which measurement is the best; None: the first one that has a direction.
        better: ``"lower"`` or ``"higher"``; None: as the metric says.
        about: goes into the protocol.

    Attributes:
        best: step, value and numbers of the best measurement; empty before the first one, or where nothing tells.
        since_best: measurements since the best one.
    """

    def __init__(
        self,
        model: UnpairedTranslation,
        dataset: MapDataset,
        metrics: Mapping[str, Any],
        *,
        device: torch.device,
        seed: int,
        weights: str = "average",
        metric: str | None = None,
        better: str | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.model, self.dataset, self.metrics = model, dataset, dict(metrics)
        self.device, self.seed, self.weights = device, seed, weights
        self.about = dict(about or {})
        self.metric, self.better = metric, better
        self.best: dict[str, Any] = {}
        self.since_best = 0
        self._missing: dict[str, str] | None = None

    def prepare(self) -> dict[str, str]:
        """Load what metrics need, once; return why some cannot be measured, by name."""
        if self._missing is None:
            self._missing = prepare(self.metrics, torch.device("cpu"))
        return self._missing

    def measure(self, step: int, pause: Callable[[], None] = lambda: None) -> Measurement:
        """Measure the model as it is after ``step``; draws nothing that training draws.

        Args:
            step: the last one that was done.
            pause: called after each batch; what it raises ends the measurement.
        """
        missing = self.prepare()
        prepare({name: metric for name, metric in self.metrics.items() if name not in missing}, self.device)
        generator = next(iter(self.model.generators))
        expression = f"{generator}({generator[0]})"

        def translate(images: Tensor) -> Tensor:
            batch = batch_to_device({generator[0]: images}, self.device)
            return self.model.render(batch, [expression], averaged=self.weights == "average")[expression]

        found = measure(
            translate,
            self.dataset,
            self.metrics,
            source=generator[0],
            target=generator[1],
            device=self.device,
            seed=self.seed,
            missing=missing,
            about={**self.about, "generator": generator, "weights": self._weights(generator)},
            pause=pause,
        )
        self._remember(step, found)
        return found

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run has to know."""
        return {"best": self.best, "since_best": self.since_best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what :meth:`state_dict` returned; the best by another number is forgotten."""
        best = dict(state.get("best", {}))
        if best and self.metric in (None, best["metric"]):
            self.best, self.since_best = best, int(state["since_best"])

    def _weights(self, generator: str) -> str:
        averaged = self.weights == "average" and self.model.to_show(generator) != generator
        return "average" if averaged else "raw"

    def _remember(self, step: int, found: Measurement) -> None:
        name = self.metric or next(iter(found.better), None)
        if name is None or name not in found.metrics:
            return
        value, better = found.metrics[name], self.better or found.better.get(name)
        if self.best.get("step") == step:  # measured again
            return
        if not self.best or (value < self.best["value"] if better == "lower" else value > self.best["value"]):
            self.best = {"metric": name, "better": better, "step": step, "value": value, "metrics": found.metrics}
            self.since_best = 0
        else:
            self.since_best += 1
