"""Metrics of translations over a test set: which images, how many, and what came of it."""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from i2ikit.data.loading import MapDataset
from i2ikit.errors import I2IKitError
from i2ikit.evaluation.items import first_items, is_pair
from i2ikit.metrics.base import Metric

BATCH = 16
Translate = Callable[[Tensor], Tensor] | None


@dataclass(frozen=True)
class Measurement:
    """What was measured, and how.

    Attributes:
        metrics: all numbers as ``name.number``, the name being the metric's in the config.
        missing: why a number, or all numbers of a metric, could not be measured.
        better: ``"higher"`` or ``"lower"``, for the numbers of which it is known.
        paired: names of the numbers that compare with paired truth.
        protocol: which images, how many, of which size, and what each metric depends on; plain data.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    better: dict[str, str] = field(default_factory=dict)
    paired: list[str] = field(default_factory=list)
    protocol: dict[str, Any] = field(default_factory=dict)

    def line(self) -> dict[str, Any]:
        """Return all of it as plain data, for a log."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def prepare(metrics: Mapping[str, Any], device: torch.device) -> dict[str, str]:
    """Let metrics load what they need onto a device; return why those cannot be measured that could not, by name."""
    missing = {}
    for name, metric in metrics.items():
        try:
            if hasattr(metric, "prepare"):
                metric.prepare(device)
        except I2IKitError as error:
            missing[name] = str(error)
    return missing


def measure(
    translate: Translate,
    dataset: MapDataset,
    metrics: Mapping[str, Any],
    *,
    source: str = "a",
    target: str = "b",
    device: torch.device | None = None,
    seed: int = 0,
    missing: Mapping[str, str] | None = None,
    about: Mapping[str, Any] | None = None,
    pause: Callable[[], None] = lambda: None,
) -> Measurement:
    """Translate a test set and measure what comes out. A metric that fails is left out; the others go on.

    Each image counts once: the shorter domain of an unpaired test set starts again in the data set, not here. Two
    images are a pair if the data set's ``paired`` is true, or if their files have one name (without
    extension) or are unknown.

    Args:
        translate: gets inputs (B, C, H, W) in -1..1 and returns their translations; None: the images under
            ``source`` are translations already, of inputs that nobody knows.
        dataset: items with images (C, H, W) in -1..1 under ``source`` and ``target``, perhaps with a ``mask`` and with
            ``a_path`` and ``b_path``.
        metrics: METRICS parts by name; they are reset first.
        source, target: which domain is translated, and which one the outputs should look like.
        device: where metrics that have networks compute; None: the CPU.
        seed: of what the data set draws, if it draws anything.
        missing: metrics that are known not to work, and why; None: they are prepared here.
        about: goes into the protocol.
        pause: called after each batch; what it raises ends the measurement.
    """
    reasons = dict(prepare(metrics, device or torch.device("cpu")) if missing is None else missing)
    working = {name: metric for name, metric in metrics.items() if name not in reasons}
    images = _Images()

    def give(call: Callable[..., None], *arguments: Any) -> None:
        for name, metric in list(working.items()):
            try:
                call(metric, *arguments)
            except (I2IKitError, ValueError) as error:
                reasons[name] = str(error)
                del working[name]

    give(_reset)
    for batch in batches(dataset, source, target, seed):
        images.note(batch)
        real = batch.pop("real", None)
        masks = batch.get("mask")
        if real is not None:
            give(add_real, real, masks)
        if "a" in batch:
            inputs = batch.pop("a") if translate is None else batch["a"]
            sample = {**batch, "output": inputs if translate is None else translate(inputs).float().cpu()}
            give(_update, sample)
        pause()
    found = _computed(working, reasons)
    protocol = {**(about or {}), **images.protocol(), "seed": seed, "metrics": _protocols(working)}
    kinds = {name: metrics[name.partition(".")[0]] for name in found}
    return Measurement(
        metrics=found,
        missing=reasons,
        better={
            name: getattr(metric, "better", {})[number]
            for name, metric in kinds.items()
            if (number := name.partition(".")[2]) in getattr(metric, "better", {})
        },
        paired=[name for name, metric in kinds.items() if getattr(metric, "paired", False)],
        protocol=protocol,
    )


def _reset(metric: Metric) -> None:
    metric.reset()


def _update(metric: Metric, sample: Mapping[str, Any]) -> None:
    metric.update(sample)


def add_real(metric: Any, images: Tensor, masks: Tensor | None) -> None:
    """Hand real images to a metric that wants them."""
    if hasattr(metric, "add_real"):
        metric.add_real(images, masks)


def _computed(metrics: Mapping[str, Any], reasons: dict[str, str]) -> dict[str, float]:
    """Return all finite numbers; note why others are missing."""
    found: dict[str, float] = {}
    for name, metric in metrics.items():
        try:
            numbers = metric.compute()
        except (I2IKitError, ValueError) as error:
            reasons[name] = str(error)
            continue
        for number, value in numbers.items():
            if math.isfinite(value):
                found[f"{name}.{number}"] = float(value)
            else:
                reasons[f"{name}.{number}"] = f"it is {value}"
    return found


def _protocols(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"type": type(metric).__name__, **(metric.protocol() if hasattr(metric, "protocol") else {})}
        for name, metric in metrics.items()
    }


def batches(dataset: MapDataset, source: str, target: str, seed: int) -> Iterator[dict[str, Tensor]]:
    """Yield batches of up to 16 neighbors that are alike in shape and in what they hold, each image once.

    Those are "a", an input; "b", its paired truth; "real", an image of the target domain; "mask".
    """
    waiting: list[dict[str, Tensor]] = []
    seen: set[tuple[str, str]] = set()
    paired = bool(getattr(dataset, "paired", False))
    for found in first_items(dataset, seed=seed):
        item = _parts(found, source, target, seen, paired=paired)
        if not item:
            continue
        if waiting and (len(waiting) == BATCH or _shapes(item) != _shapes(waiting[0])):
            yield _stack(waiting)
            waiting = []
        waiting.append(item)
    if waiting:
        yield _stack(waiting)


def _parts(
    item: Mapping[str, Any], source: str, target: str, seen: set[tuple[str, str]], *, paired: bool
) -> dict[str, Tensor]:
    """Return what of an item was not seen before, under the names of :func:`batches`."""
    paths = {name: item.get(f"{name}_path") for name in (source, target)}
    new = {name for name, path in paths.items() if name in item and (path is None or (name, str(path)) not in seen)}
    seen.update((name, str(path)) for name, path in paths.items() if path is not None)
    parts: dict[str, Tensor] = {}
    if source in new:
        parts["a"] = item[source]
    if target in new:
        parts["real"] = item[target]
    if source in new and target in item and (paired or is_pair(paths[source], paths[target])):
        parts["b"] = item[target]
    if "mask" in item and parts:
        parts["mask"] = item["mask"]
    return parts


def _shapes(item: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in item.items()}


def _stack(items: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {key: torch.stack([item[key] for item in items]) for key in items[0]}


class _Images:
    """Which images were measured: how many, their sizes, and a digest of their content."""

    def __init__(self) -> None:
        self._digests: dict[str, list[bytes]] = {"a": [], "real": []}
        self._sizes: set[tuple[int, int, int]] = set()
        self._pairs = 0

    def note(self, batch: Mapping[str, Tensor]) -> None:
        self._pairs += len(batch.get("b", ()))
        for name, digests in self._digests.items():
            for image in batch.get(name, ()):
                digests.append(hashlib.blake2b(image.contiguous().numpy().tobytes(), digest_size=16).digest())
                self._sizes.add((image.shape[2], image.shape[1], image.shape[0]))

    def protocol(self) -> dict[str, Any]:
        """Return it as plain data; equal digests are equal images."""
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


def _digest(parts: list[bytes]) -> str:
    return hashlib.blake2b(b"".join(sorted(parts)), digest_size=8).hexdigest() if parts else ""
