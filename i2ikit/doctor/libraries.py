"""Probes of PyTorch, torchvision and mmengine: each does what a run does and looks at what comes out."""

import importlib
import importlib.util
import io
import pickle
import warnings
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.logging import HistoryBuffer
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from i2ikit.doctor.finding import NOTE, OK, PROBLEM, WARNING, Finding

WAIT = 60  # seconds for the first batch of a worker


def probe_batch_1_gradients() -> Finding:
    """Compare the gradient of an instance norm at batch 1, contiguous and channels-last incoming gradient."""
    name = "instance norm at batch 1"
    image = torch.randn(1, 8, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    incoming = torch.randn(1, 8, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    right = _norm_gradient(image, incoming)
    found = _norm_gradient(image, incoming.contiguous(memory_format=torch.channels_last))
    error = float((found - right).abs().max() / right.abs().max())
    if error < 1e-9:
        return Finding(name, OK, "gradients on the CPU are right in every memory format")
    return Finding(
        name,
        NOTE,
        f"PyTorch's CPU gradient is wrong by {error:.0%} for a contiguous input and a channels-last gradient",
        "i2ikit gathers patches so that this does not occur. In a part of your own, gather with "
        "feature.flatten(2)[..., places], not with permute(0, 2, 3, 1).",
    )


def _norm_gradient(image: Tensor, incoming: Tensor) -> Tensor:
    leaf = image.clone().requires_grad_(True)
    F.instance_norm(leaf).backward(incoming)
    assert leaf.grad is not None, "backward fills it"
    return leaf.grad


def probe_repeatability() -> Finding:
    """Compare two equal small trainings bit by bit."""
    name = "repeated training"
    first, second = _small_training(), _small_training()
    if torch.equal(first, second):
        return Finding(name, OK, "two equal trainings on the CPU end in the same bits")
    return Finding(
        name, WARNING, "two equal trainings on the CPU differ", "Runs cannot be compared bit by bit on this machine."
    )


def _small_training() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(8, 3, 3, 3, generator=generator).requires_grad_(True)
    image = torch.randn(2, 3, 32, 32, generator=generator)
    optimizer = torch.optim.Adam([weight], lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        F.instance_norm(F.conv2d(image, weight)).relu().mean().backward()
        optimizer.step()
    return weight.detach()


def probe_half_precision() -> Finding:
    """Try bf16 on the CPU, and ask whether its units know it."""
    name = "bf16 on the CPU"
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = F.conv2d(torch.ones(1, 4, 8, 8), torch.ones(4, 4, 3, 3))
    if made.dtype is not torch.bfloat16 or made[0, 0, 0, 0].item() != 36:
        return Finding(name, PROBLEM, "autocast does not compute in bf16", "Train with train.precision=fp32.")
    native = torch.ops.mkldnn._is_mkldnn_bf16_supported() if torch.backends.mkldnn.is_available() else False
    if native:
        return Finding(name, OK, "computed by the processor")
    return Finding(
        name, NOTE, "it works, but this processor emulates it: it saves memory and no time", "fp32 is as fast here."
    )


def probe_mmengine_resume() -> Finding:
    """Read one of mmengine's own checkpoints as mmengine does."""
    name = "mmengine's own resume"
    file = io.BytesIO()
    torch.save({"message_hub": HistoryBuffer([1.0], [1])}, file)
    file.seek(0)
    try:
        torch.load(file, weights_only=True)
    except pickle.UnpicklingError:
        return Finding(
            name,
            NOTE,
            "mmengine's checkpoints cannot be read safely by this torch (weights_only)",
            "i2ikit writes its own, which can. Use `i2ikit train --resume`, not mmengine's load_from or resume.",
        )
    return Finding(name, OK, "its checkpoints can be read with weights_only")


def probe_mmengine_paths() -> Finding:
    """Ask for the modules that mmengine imports on some paths and that newer Pythons lack."""
    name = "modules that mmengine wants"
    missing = [module for module in ("pkg_resources", "distutils") if importlib.util.find_spec(module) is None]
    if not missing:
        return Finding(name, OK, "pkg_resources and distutils are there")
    return Finding(
        name,
        NOTE,
        f"{' and '.join(missing)} cannot be imported, so some functions of mmengine fail",
        "i2ikit does not call them. A plugin that does needs an older setuptools: pip install 'setuptools<81'.",
    )


def probe_torchvision() -> Finding:
    """Import torchvision, whose compiled part must be of the same build as torch."""
    name = "torchvision"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            module: Any = importlib.import_module("torchvision")
            module.ops.nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.ones(1), 0.5)
        except (ImportError, RuntimeError, NotImplementedError) as error:
            return Finding(
                name,
                WARNING,
                f"it does not fit torch {torch.__version__}: {str(error).splitlines()[0]}",
                "Install the pair of one release: https://pytorch.org/get-started/locally",
            )
    told = [str(each.message).splitlines()[0] for each in caught if "torchvision" in str(each.message)]
    return Finding(name, WARNING, told[0]) if told else Finding(name, OK, f"{module.__version__} fits torch")


class _Four(Dataset[Tensor]):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        return torch.full((3, 256, 256), float(index))


def probe_loader() -> Finding:
    """Let one worker process read a batch and hand it over."""
    name = "reading processes"
    try:
        batches = list(DataLoader(_Four(), batch_size=2, num_workers=1, timeout=WAIT))
    except (RuntimeError, OSError) as error:
        return Finding(
            name,
            PROBLEM,
            f"a worker could not hand over a batch: {str(error).splitlines()[0]}",
            "Train with --set data.workers=0, or give the container more shared memory (docker run --shm-size=8g).",
        )
    right = len(batches) == 2 and float(batches[1][1].mean()) == 3
    return (
        Finding(name, OK, "a worker process hands over batches")
        if right
        else Finding(name, PROBLEM, "a worker handed over other images than it read", "Train with data.workers=0.")
    )
