"""Trains a few steps as one of several processes, or alone: what the tests of several processes compare.

Run as `python few_steps.py FOLDER` with torchrun's variables in the environment; process N writes FOLDER/N.pt.
"""

import sys
from pathlib import Path
from typing import Any

import torch

from i2ikit.build import Builder
from i2ikit.config import find_config, load_config
from i2ikit.data.loading import EpochSampler
from i2ikit.distributed import processes
from i2ikit.distributed.group import ProcessGroup
from i2ikit.distributed.launch import SINGLE, RankInfo, find_rank
from i2ikit.engine.optim import PhaseUpdater, build_optimizers
from i2ikit.engine.runner import RunnerModel
from i2ikit.interfaces.progress import Progress
from i2ikit.nn.synchronized_batch_norm import synchronize_batch_norms
from i2ikit.translation import build_model

CPU = torch.device("cpu")
STEPS, IMAGES, SIZE = 5, 4, 32
SMALL = [
    *(f"model.generators.{name}.filters=4" for name in ("ab", "ba")),
    *(f"model.discriminators.{name}.filters=4" for name in ("a", "b")),
]
CASES = {
    "cyclegan": ("cyclegan/stripes", ["model.views.pool.size=3"]),
    "cut": ("cut/stripes", ["model.phases.generate.terms.content.negatives.type=WholeBatch"]),
    "cut_within_image": ("cut/stripes", []),
    "cut_ada": (
        "cut/stripes",
        ["model.discriminators.b.augment=dict(type='ADA', target=0.2, images=60, interval=2, start=0.3)"],
    ),
    "cut_memory_bank": (
        "cut_memory_bank/horse2zebra",
        [
            "model.heads.f.dim=8",
            *(
                f"model.phases.generate.terms.{term}.negatives.{change}"
                for term in ("content", "identity")
                for change in ("dim=8", "size=600")
            ),
        ],
    ),
    "enco_layer_norm": ("enco/stripes", ["model.heads.f.norm=layer"]),
    "enco_batch_norm": ("enco/stripes", []),
}


def train(case: str, *, batch: int, accumulate: int = 1) -> dict[str, Any]:
    """Return the state of the model, and the losses of each step, after five steps of double precision."""
    config, changes = CASES[case]
    small = [change for change in SMALL if case == "cyclegan" or ("ba." not in change and "inators.a" not in change)]
    resolved = load_config(find_config(config), [*small, *changes])
    torch.manual_seed(0)
    model = build_model(resolved["model"], Builder(), path="model")
    assert model is not None
    model.double()
    if processes.count() > 1:
        synchronize_batch_norms(model)
    optimizers = build_optimizers(model.phases, model.networks, resolved["optimizer"])
    updater = PhaseUpdater(optimizers, accumulate=accumulate, clip_gradients=1.0)
    runner = RunnerModel(model, CPU, seed=0)
    sampler = EpochSampler(STEPS * IMAGES, batch, 0, rank=processes.rank(), world=processes.count())
    positions = iter(sampler)
    images = torch.rand(2, STEPS * IMAGES, 3, SIZE, SIZE, dtype=torch.float64) * 2 - 1
    losses = []
    for step in range(1, STEPS + 1):
        runner.progress = Progress(epoch=1, step=step, epochs=1, steps=STEPS)
        batches = []
        for _ in range(accumulate):
            indices = [index for _, index in next(positions)]
            batches.append({"a": images[0, indices], "b": images[1, indices]})
        losses.append(runner.train_step(batches, updater))
    return {"model": model.state_dict(), "losses": losses}


def main(folder: Path, info: RankInfo) -> None:
    with ProcessGroup(info, CPU):
        torch.save({case: train(case, batch=1) for case in CASES}, folder / f"{info.rank}.pt")


if __name__ == "__main__":
    found = find_rank()
    assert found != SINGLE
    main(Path(sys.argv[1]), found)
