"""Any network of torchvision as a frozen extractor: a classifier's layers, or the classes of a segmentation network."""

import inspect
import warnings
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import Self

from i2ikit.checks import check_images, positive_int
from i2ikit.errors import nearest_hint
from i2ikit.nn.frozen import RANDOM, ImageNetInput, load_frozen
from i2ikit.registry import EXTRACTORS

OUT = "out"
TRIED = 64  # pixels of the image that tells the widths


@EXTRACTORS.register_module()
class TorchvisionNetwork(nn.Module):
    """A network of ``torchvision.models``: the taps are the names of its layers, and ``out`` is its output.

    The ``out`` of a segmentation network, such as ``deeplabv3_resnet50``, are the logits of classes (B, K, H, W), for
    ``ClassMapTerm``; the layers of a classifier, such as ``layer2`` of ``resnet50``, are for ``FeatureTerm``.

    Args:
        name: of the network, as ``torchvision.models.get_model`` knows it.
        weights: file of its state dict, or ``"random"``.
        layers: names of the layers that are taps, such as ``["layer1", "backbone.layer4"]``.
        classes: K, >= 1; None: torchvision's number.
    Shape:
        taps of images (B, 3, H, W) in -1..1, normalized as its weights need it.

    Raises:
        ValueError: there is no such network or layer, or the file has other weights.
    Example:
        >>> network = TorchvisionNetwork("lraspp_mobilenet_v3_large", "random", classes=4)
        >>> network.eval().trace(torch.zeros(1, 3, 32, 32), ["out"])["out"].shape
        torch.Size([1, 4, 32, 32])
    """

    def __init__(self, name: str, weights: str, *, layers: Sequence[str] = (), classes: int | None = None) -> None:
        super().__init__()
        from torchvision import models

        known = models.list_models()
        if name not in known:
            raise ValueError(f"torchvision has no network {name!r}.{nearest_hint(name, known)}")
        taken = inspect.signature(models.get_model_builder(name)).parameters
        options: dict[str, Any] = {"weights_backbone": None} if "weights_backbone" in taken else {}
        if classes is not None:
            options["num_classes"] = positive_int("classes", classes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # some networks warn about their initialization
            self.network = models.get_model(name, weights=None, **options)
        self.input, self.in_channels = ImageNetInput(), 3
        modules = dict(self.network.named_modules())
        for layer in layers:
            if layer not in modules:
                raise ValueError(f"{name} has no layer {layer!r}.{nearest_hint(layer, modules)}")
        self.tap_names = (*layers, OUT)
        if weights != RANDOM:
            load_frozen(self.network, weights)
        self.eval()

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode."""
        return super().train(False)

    def widths(self, taps: Iterable[str]) -> list[int]:
        """Return the number of channels of each tap, as a small image has them."""
        x = torch.zeros(1, 3, TRIED, TRIED, device=next(self.network.parameters()).device)
        with torch.no_grad():
            found = self.trace(x, self.tap_names)
        return [found[tap].shape[1] for tap in taps]

    def trace(self, x: Tensor, taps: Iterable[str]) -> dict[str, Tensor]:
        """Return the outputs of the requested layers, and of the network for ``out``.

        Raises:
            ShapeError: the images do not have 3 channels.
        """
        check_images(type(self).__name__, x, self.in_channels)
        found: dict[str, Tensor] = {}
        wanted = list(taps)
        handles = [
            self.network.get_submodule(tap).register_forward_hook(partial(_keep, found, tap))
            for tap in wanted
            if tap != OUT
        ]
        try:
            output = self.network(self.input(x))
        finally:
            for handle in handles:
                handle.remove()
        if OUT in wanted:
            found[OUT] = output[OUT] if isinstance(output, dict) else output
        return {tap: found[tap] for tap in wanted}


def _keep(found: dict[str, Tensor], tap: str, layer: nn.Module, inputs: Any, output: Tensor) -> None:
    found[tap] = output
