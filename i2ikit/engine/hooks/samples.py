"""Grids of fixed test images, so that one sees the translation grow."""

import io
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from i2ikit.data.loading import MapDataset
from i2ikit.distributed.device import batch_to_device
from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner
from i2ikit.evaluation.gallery import write_gallery
from i2ikit.evaluation.grid import compose, grid_columns
from i2ikit.evaluation.items import first_items
from i2ikit.files import write_atomically
from i2ikit.translation import UnpairedTranslation
from i2ikit.translation.expressions import parse

EARLY = 100  # the step of the first grid, so that somebody who waits sees something


class SamplesHook(RunHook):
    """Writes ``step_NNNNNN.png``, and beside it what its columns are as JSON, every N steps, early on and at the end.

    Args:
        folder: where they go; it is made.
        dataset: the first items of it are shown.
        every: steps between grids, >= 1.
        count: rows of a grid, >= 1; fewer if there are fewer items.
        gallery: test images that are translated one by one after the last step, >= 0; see :func:`write_gallery`.
        seed: of what the data set draws, if it draws anything.
    """

    def __init__(
        self, folder: Path, dataset: MapDataset, *, every: int, count: int, gallery: int = 0, seed: int
    ) -> None:
        self.folder, self.dataset, self.gallery = folder, dataset, gallery
        self.every, self.count, self.seed = every, min(count, len(dataset)), seed
        self._inputs: list[dict[str, Tensor]] = []
        self._names: list[dict[str, str]] = []

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Write a grid if it is time."""
        progress = run.progress
        if progress.step % self.every == 0 or progress.step in (EARLY, progress.steps):
            self.write(run.translation, run.model.device, progress.step)
        if self.gallery and progress.step == progress.steps:
            write_gallery(
                self.folder / "gallery",
                run.translation,
                self.dataset,
                device=run.model.device,
                step=progress.step,
                count=self.gallery,
                seed=self.seed,
            )

    def write(self, model: UnpairedTranslation, device: torch.device, step: int) -> None:
        """Write the grid of ``step``, the JSON first: who sees the grid finds its description."""
        items = self._items()
        columns = [column for column in grid_columns(model) if parse(column).images() <= items[0].keys()]
        rows = []
        for item in items:
            images = model.render(batch_to_device({name: image[None] for name, image in item.items()}, device), columns)
            rows.append([images[column][0] for column in columns])
        grid, size = compose(rows)
        about = {"step": step, "columns": columns, "rows": len(rows), "size": list(size), "names": self._names}
        png = io.BytesIO()
        grid.save(png, "PNG")
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / f"step_{step:06d}.json", json.dumps(about).encode())
        write_atomically(self.folder / f"step_{step:06d}.png", png.getvalue())

    def _items(self) -> list[dict[str, Tensor]]:
        """Return the real images of all rows; they are read once."""
        if not self._inputs:
            for item in first_items(self.dataset, self.count, seed=self.seed):
                self._inputs.append({domain: item[domain] for domain in ("a", "b") if domain in item})
                self._names.append({domain: str(item.get(f"{domain}_path", "")) for domain in ("a", "b")})
        return self._inputs
