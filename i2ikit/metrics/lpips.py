"""LPIPS: learned perceptual distance between outputs and the paired truth, computed by torchmetrics."""

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

import torch
from torch import Tensor, nn

from i2ikit.checks import one_of
from i2ikit.errors import MetricError
from i2ikit.metrics.base import MeanOverImages, to_bytes
from i2ikit.metrics.weights import WeightsFile, find_weights, read_state_dict
from i2ikit.registry import METRICS

NETWORKS = {"alex": "alexnet", "vgg": "vgg16", "squeeze": "squeezenet1_1"}  # LPIPS name: torchvision name
SMALLEST = 64  # pixels; smaller images have no features left in the last layers


@METRICS.register_module()
class LPIPS(MeanOverImages):
    """Mean over images of the learned perceptual distance between output and paired truth, both as 8 bits.

    Args:
        network: ``"alex"``, ``"vgg"`` or ``"squeeze"``; compare only values of one network.
        weights: torchvision's file of that network; None: from torch's cache, or downloaded.

    Returns:
        from compute: the distance, named after the network, >= 0; 0 for equal images.

    Raises:
        ValueError: no such network.
        MetricError: weights or torchmetrics are missing (from prepare); images are not pairs, or below 64 x 64.
    Source:
        Zhang et al. 2018, arXiv:1801.03924.

    Example:
        >>> LPIPS("vgg").protocol()["network"]
        'vgg16'
    """

    better: ClassVar[Mapping[str, str]] = dict.fromkeys(NETWORKS, "lower")
    needs_pairs = True

    def __init__(self, network: str = "alex", weights: str | Path | None = None) -> None:
        self.network, self.weights = one_of("network", network, NETWORKS), weights
        self._net: nn.Module | None = None
        super().__init__()

    def prepare(self, device: torch.device) -> None:
        """Load the weights onto the device where features are computed."""
        if self._net is None:
            if importlib.util.find_spec("torchmetrics") is None:
                raise MetricError("LPIPS needs torchmetrics: pip install 'i2ikit[metrics]'")
            self._net = _build(self.network, find_weights(standard_weights(self.network), self.weights))
        self._net.to(device)

    def protocol(self) -> dict[str, Any]:
        """Return what the values depend on."""
        return {"network": NETWORKS[self.network], "weights_sha256": standard_weights(self.network).sha256}

    def per_image(self, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the distances of a batch."""
        output = sample["output"]
        if min(output.shape[-2:]) < SMALLEST:
            raise MetricError(f"LPIPS needs images of at least {SMALLEST}x{SMALLEST}, not {tuple(output.shape[-2:])}")
        if self._net is None:
            self.prepare(torch.device("cpu"))
        assert self._net is not None, "prepare makes it"
        device = next(self._net.parameters()).device
        images = [to_bytes(image, "LPIPS").to(device) / 127.5 - 1 for image in (output, sample["b"])]
        with torch.inference_mode():
            return {self.network: self._net(*images).flatten().float().cpu()}


def standard_weights(network: str) -> WeightsFile:
    """Return torchvision's file of a network; its name ends in the first digits of its hash."""
    import torchvision.models

    url: str = torchvision.models.get_model_weights(NETWORKS[network]).DEFAULT.url
    name = url.rpartition("/")[2]
    return WeightsFile(f"torchvision's {NETWORKS[network]}", (name,), url, name.rpartition("-")[2].partition(".")[0])


def _build(network: str, path: Path) -> nn.Module:
    from torchmetrics.functional.image.lpips import _NoTrainLpips  # the public classes only take weights from the net

    net = _NoTrainLpips(net=cast(Literal["alex", "vgg", "squeeze"], network), pnet_rand=True)
    state = read_state_dict(path)  # "features.3.weight" is "slice2.3.weight", or "slices.1.3.weight", in LPIPS
    net.net.load_state_dict({key: state[re.sub(r"^slices?\.?\d+", "features", key)] for key in net.net.state_dict()})
    return net.eval()
