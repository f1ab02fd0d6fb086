"""What a run tells about itself before its first step."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from i2ikit.distributed import processes
from i2ikit.engine.assemble import Parts
from i2ikit.engine.loop import TranslationLoop
from i2ikit.engine.reporter import RunSummary


def summarize(
    config: Mapping[str, Any], parts: Parts, loop: TranslationLoop, work_dir: Path, device: torch.device
) -> RunSummary:
    """Return the summary of a run that is about to begin or to go on."""
    networks = {
        name: sum(parameter.numel() for parameter in network.parameters())
        for name, network in parts.model.networks.items()
    }
    return RunSummary(
        work_dir=work_dir,
        device=str(device),
        seed=config["seed"],
        networks=networks,
        steps=loop.steps,
        epochs=loop.epochs,
        steps_per_epoch=len(loop.dataloader) // loop.accumulate,
        batch_size=config["data"]["batch_size"],
        train_images=len(parts.train_data),
        test_images=len(parts.test_data) if parts.test_data is not None else 0,
        first_step=loop.iter + 1,
        epoch=parts.train_data.describe() if hasattr(parts.train_data, "describe") else "",
        accumulate=loop.accumulate,
        processes=processes.count(),
        precision=config["train"]["precision"],
    )
