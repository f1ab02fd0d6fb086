"""Metrics of translations over a test set, with the protocol by which they were measured."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from operator import methodcaller
from typing import Any

import torch
from torch import Tensor

from i2ikit.data.loading import MapDataset
from i2ikit.errors import DataError, I2IKitError, MetricError
from i2ikit.evaluation.items import first_items, has_truth, mask_of
from i2ikit.metrics.base import NEEDS, Metric
from i2ikit.plugin.origin import origin_of

BATCH = 16
INPUT = "input "  # in front of the names of what a translation reads besides
Translate = Callable[[Mapping[str, Tensor], int], Tensor]


@dataclass(frozen=True)
class Measurement:
    """What was measured, and how.

    Attributes:
        metrics: all finite values as ``name.value``, the name being the metric's in the config.
        missing: why a value, or all values of a metric, could not be measured.
        better: ``"higher"`` or ``"lower"``, for the values with a direction.
        paired: names of the values that compare with paired truth.
        protocol: which images, how many, of which size, and what each metric depends on; plain data.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    better: dict[str, str] = field(default_factory=dict)
    paired: list[str] = field(default_factory=list)
    protocol: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EvaluationData:
    """A test set, and in which direction it is translated.

    Each image counts once, although an unpaired dataset repeats the images of its smaller domain.

    Attributes:
        dataset: items with images (C, H, W) in -1..1 under ``source`` and ``target``, optionally with ``a_path`` and
            ``b_path``, and with ``mask``, of both, or ``a_mask`` and ``b_mask``.
        source: domain that is translated.
        target: domain that the outputs should look like.
        others: names of images that the translation reads besides.
        seed: of the random numbers that the dataset uses, if it uses any.
    """

    dataset: MapDataset
    source: str = "a"
    target: str = "b"
    others: tuple[str, ...] = ()
    seed: int = 0

    def batches(self) -> Iterator[dict[str, Tensor]]:
        """Yield batches of up to 16 neighboring items with equal shapes and keys.

        The keys are "a", an input; "b", its paired truth, see :func:`has_truth`; "real", an image of the target domain;
        "mask" and "real mask", of the input and of the real image; and "input NAME" for each of ``others``.

        Raises:
            DataError: an item does not have what is read besides.
        """
        waiting: list[dict[str, Tensor]] = []
        seen: set[tuple[str, str]] = set()
        for item in first_items(self.dataset, seed=self.seed):
            parts = self._unseen(item, seen)
            if not parts:
                continue
            if waiting and (len(waiting) == BATCH or _shapes(parts) != _shapes(waiting[0])):
                yield _stack(waiting)
                waiting = []
            waiting.append(parts)
        if waiting:
            yield _stack(waiting)

    def _unseen(self, item: Mapping[str, Any], seen: set[tuple[str, str]]) -> dict[str, Tensor]:
        """Return the images of an item that are not in ``seen``, under the keys of :meth:`batches`."""
        paths = {name: item.get(f"{name}_path") for name in (self.source, self.target)}
        new = {name for name, path in paths.items() if name in item and (path is None or (name, str(path)) not in seen)}
        seen.update((name, str(path)) for name, path in paths.items() if path is not None)
        parts: dict[str, Tensor] = {}
        if self.source in new:
            parts["a"] = item[self.source]
            parts |= {f"{INPUT}{name}": self._other(item, name) for name in self.others}
            if has_truth(self.dataset, item, self.source, self.target):
                parts["b"] = item[self.target]
        if self.target in new:
            parts["real"] = item[self.target]
        masks = {"mask": ("a", mask_of(item, self.source)), "real mask": ("real", mask_of(item, self.target))}
        return parts | {name: mask for name, (image, mask) in masks.items() if image in parts and mask is not None}

    def _other(self, item: Mapping[str, Any], name: str) -> Tensor:
        if name not in item:
            path = item.get(f"{self.source}_path", "an image")
            raise DataError(f"the translation of {path} reads {name!r} too, which the test data does not have there")
        found: Tensor = item[name]
        return found


def prepare(metrics: Mapping[str, Metric], device: torch.device) -> dict[str, str]:
    """Load what metrics need onto a device; return why metrics cannot be measured, by name."""
    running = _RunningMetrics(metrics, {})
    running.each(methodcaller("prepare", device))
    return running.missing


def measure(
    translate: Translate | None,
    data: EvaluationData,
    metrics: Mapping[str, Metric],
    *,
    device: torch.device | None = None,
    missing: Mapping[str, str] | None = None,
    about: Mapping[str, Any] | None = None,
    pause: Callable[[], None] = lambda: None,
) -> Measurement:
    """Translate a test set and measure the outputs. A metric that fails is left out; the others continue.

    Args:
        translate: maps inputs (B, C, H, W) in -1..1 by name, and the place of the first of them among all, to their
            translations; None: the images of the source domain are translations already, of unknown inputs.
        data: the test set.
        metrics: METRICS parts by name; they are reset first.
        device: where metrics that have networks compute; None: the CPU.
        missing: metrics that are known to fail, and why; None: they are prepared here.
        about: more entries of the protocol.
        pause: called after each batch; an exception that it raises ends the measurement.
    """
    running = _RunningMetrics(metrics, prepare(metrics, device or torch.device("cpu")) if missing is None else missing)
    images, place = _ImageRecord(), 0
    running.each(lambda metric: setattr(metric, "target", data.target))
    running.each(methodcaller("reset"))
    for batch in data.batches():
        images.add(batch)
        others = {name: batch.pop(f"{INPUT}{name}") for name in data.others if f"{INPUT}{name}" in batch}
        real = batch.pop("real", None)
        if real is not None:
            running.each(methodcaller("add_real", real, batch.pop("real mask", None)))
        if "a" in batch:
            inputs = batch.pop("a") if translate is None else batch["a"]
            given = {data.source: inputs, **others}
            output = inputs if translate is None else translate(given, place).float().cpu()
            running.update({**batch, "output": output})
            place += len(inputs)
        pause()
    running.each(_refuse_bad_directions)
    own = running.protocol()
    found = running.compute()
    own = {name: about for name, about in own.items() if name in running.working}
    protocol = {**(about or {}), **images.protocol(), "seed": data.seed, "metrics": own}
    return Measurement(found, running.missing, *_directions(found, metrics), protocol)


def join(found: Mapping[str, Measurement]) -> Measurement:
    """Return the measurements of several outputs as one.

    The values of the first one keep their names; those of another one get its name, as in ``"ba.fid.clean"``. Its entry
    of the protocol has what differs from that of the first.
    """
    (_, first), *others = found.items()
    result = deepcopy(first)
    for name, each in others:
        for values in ("metrics", "missing", "better"):
            getattr(result, values).update({f"{name}.{key}": value for key, value in getattr(each, values).items()})
        result.paired.extend(f"{name}.{key}" for key in each.paired)
        result.protocol[name] = {key: value for key, value in each.protocol.items() if value != first.protocol.get(key)}
    return result


def _reason(metric: Metric, error: BaseException) -> str:
    """Return why a metric failed; of a key that a sample lacks, what it is."""
    name = type(metric).__name__
    if isinstance(error, I2IKitError | ValueError):
        return str(error)
    if isinstance(error, KeyError) and error.args and error.args[0] in NEEDS:
        return f"{name} {NEEDS[error.args[0]]}"
    origin = origin_of(error)
    where = f", in {origin}" if origin else ""
    return f"{name} fails with {type(error).__name__}: {error}{where}"


def _numbers(metric: Metric) -> dict[str, float]:
    """Return the values of a metric, which may be numbers of NumPy or tensors."""
    return {str(key): float(value) for key, value in metric.compute().items()}


def _refuse_bad_directions(metric: Metric) -> None:
    wrong = {name: word for name, word in metric.better.items() if word not in ("higher", "lower")}
    if wrong:
        raise MetricError(f"{type(metric).__name__}.better must be 'higher' or 'lower' by value, not {wrong}")


def _directions(found: Mapping[str, float], metrics: Mapping[str, Metric]) -> tuple[dict[str, str], list[str]]:
    """Return the direction of each value that has one, and the names of the values that need pairs."""
    better, paired = {}, []
    for full_name in found:
        name, _, value = full_name.partition(".")
        if value in metrics[name].better:
            better[full_name] = metrics[name].better[value]
        if metrics[name].needs_pairs:
            paired.append(full_name)
    return better, paired


class _RunningMetrics:
    """The metrics of one measurement; those that fail are left out, with the reason in ``missing``."""

    def __init__(self, metrics: Mapping[str, Metric], missing: Mapping[str, str]) -> None:
        self.missing = dict(missing)
        self.working = {name: metric for name, metric in metrics.items() if name not in missing}

    def each(self, call: Callable[[Metric], Any]) -> dict[str, Any]:
        """Return what a call returns for each metric that works."""
        results = {}
        for name, metric in list(self.working.items()):
            try:
                results[name] = call(metric)
            except (Exception, SystemExit) as error:  # whatever is wrong with one metric does not concern the others
                self.missing[name] = _reason(metric, error)
                del self.working[name]
        return results

    def update(self, sample: Mapping[str, Tensor]) -> None:
        """Add a batch to each metric that gets what it needs."""

        def update(metric: Metric) -> None:
            metric.check(sample)
            metric.update(dict(sample))  # a dict of its own, which it may change

        self.each(update)

    def compute(self) -> dict[str, float]:
        """Return all finite values; others are missing."""
        found: dict[str, float] = {}
        for name, values in self.each(_numbers).items():
            for key, value in values.items():
                if math.isfinite(value):
                    found[f"{name}.{key}"] = value
                else:
                    self.missing[f"{name}.{key}"] = f"it is {value}"
        return found

    def protocol(self) -> dict[str, dict[str, Any]]:
        """Return what the values of each metric depend on, as plain data."""
        return self.each(lambda metric: json.loads(json.dumps({"type": type(metric).__name__, **metric.protocol()})))


class _ImageRecord:
    """Which images were measured: how many, their sizes, and digests of their content."""

    def __init__(self) -> None:
        self._digests: dict[str, list[bytes]] = {"a": [], "real": []}
        self._sizes: set[tuple[int, int, int]] = set()
        self._pairs = 0

    def add(self, batch: Mapping[str, Tensor]) -> None:
        self._pairs += len(batch.get("b", ()))
        for name, digests in self._digests.items():
            for image in batch.get(name, ()):
                digests.append(hashlib.blake2b(image.contiguous().numpy().tobytes(), digest_size=16).digest())
                self._sizes.add((image.shape[2], image.shape[1], image.shape[0]))

    def protocol(self) -> dict[str, Any]:
        """Return the record as plain data; equal digests are equal images."""
        sizes = [f"{width}x{height}" for width, height, _ in sorted(self._sizes)]
        return {
            "images": len(self._digests["a"]),
            "real": len(self._digests["real"]),
            "pairs": self._pairs,
            "size": ", ".join(sizes) if len(sizes) < 3 else f"{sizes[0]} to {sizes[-1]}, {len(sizes)} sizes",
            "channels": sorted({channels for *_, channels in self._sizes}),
            "images_digest": _digest(self._digests["a"]),
            "real_digest": _digest(self._digests["real"]),
        }


def _shapes(item: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in item.items()}


def _stack(items: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {key: torch.stack([item[key] for item in items]) for key in items[0]}


def _digest(parts: list[bytes]) -> str:
    return hashlib.blake2b(b"".join(sorted(parts)), digest_size=8).hexdigest() if parts else ""
