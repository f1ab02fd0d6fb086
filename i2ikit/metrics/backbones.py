"""Networks that compute features of images: the Inception of the FID, and any classifier of torchvision."""

import importlib.util
import warnings
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from i2ikit.checks import one_of
from i2ikit.errors import MetricError, nearest_hint
from i2ikit.files import expanded, file_hash
from i2ikit.metrics.weights import WeightsFile, find_weights, read_state_dict

INCEPTION = "inception-v3-compat"  # torch-fidelity's name of the network of FID and KID
INCEPTION_SIZE = 299  # pixels
STANDARD_WEIGHTS = WeightsFile(
    "the Inception weights of FID and KID",
    ("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth"),
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
)
RESIZING = ("clean", "legacy")
IMAGENET_MEAN, IMAGENET_DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


class Backbone(ABC):
    """A network that computes a feature vector of an image.

    Args:
        weights: a file, or None for the standard weights, if the network has any.
        resizing: ``"clean"``: Pillow's bicubic, antialiased, not rounded; ``"legacy"``: bilinear without
            antialiasing, as the first published code of the network resizes.

    Attributes:
        digest: SHA-256 of the file of weights, empty before it is loaded.
    """

    name: str

    def __init__(self, weights: str | Path | None = None, resizing: str = "clean") -> None:
        self.weights, self.resizing = weights, one_of("resizing", resizing, RESIZING)
        self.digest = ""
        self.device = torch.device("cpu")

    def load(self, device: torch.device | None = None) -> None:
        """Find the weights and build the network, at the first call; move it to ``device`` if one is given.

        Raises:
            MetricError: the weights or a package are missing, or the weights do not fit.
        """
        if not self.digest:
            self._network, path = self._build()
            self.digest = file_hash(path)
        if device is not None:
            self.device = device
            self._network.to(device)

    def __call__(self, images: Tensor) -> Tensor:
        """Return features (B, D), float32 on the CPU, of images (B, 3, H, W) of uint8; the network is loaded."""
        with torch.inference_mode():
            return self._features(images).float().cpu()

    def protocol(self) -> dict[str, str]:
        """Return what the features depend on."""
        return {"backbone": self.name, "weights_sha256": self.digest, "resizing": self.resizing}

    @abstractmethod
    def _build(self) -> tuple[nn.Module, Path]:
        """Return the network with its weights, and their file."""

    @abstractmethod
    def _features(self, images: Tensor) -> Tensor:
        """Return features (B, D) of images (B, 3, H, W) of uint8."""


class Inception(Backbone):
    """The Inception network of the FID, from torch-fidelity: 2048 features of an image of 299 x 299.

    Args:
        weights: the standard file, whose hash is checked; None: from torch's cache, or downloaded.
        resizing: as for Backbone; ``"legacy"`` is that of TensorFlow 1.
    Source:
        Heusel et al. 2017, arXiv:1706.08500; clean resizing: Parmar et al. 2022, arXiv:2104.11222.
    """

    name = INCEPTION

    def _build(self) -> tuple[nn.Module, Path]:
        if importlib.util.find_spec("torch_fidelity") is None:
            raise MetricError("the Inception of FID and KID needs torch-fidelity: pip install 'i2ikit[metrics]'")
        path = find_weights(STANDARD_WEIGHTS, self.weights)
        from torch_fidelity import FeatureExtractorInceptionV3

        return FeatureExtractorInceptionV3(INCEPTION, ["2048"], feature_extractor_weights_path=str(path)), path

    def _features(self, images: Tensor) -> Tensor:
        if self.resizing == "legacy":
            features: Tensor = self._network(images.to(self.device))[0]
            return features
        x = (clean_resize(images, INCEPTION_SIZE).to(self.device) - 128) / 128
        for name, layer in self._network.named_children():  # the network's own forward only takes uint8
            if name != "fc":
                x = layer(x)
        return x.flatten(1)


class Classifier(Backbone):
    """A classifier of torchvision without its last linear layer.

    Args:
        name: such as ``"resnet50"``.
        weights: file of its state dict.
        resizing: as for Backbone.
        size: height and width in pixels of the network's input.

    Raises:
        ValueError: torchvision has no such classifier, or there is no file.
    """

    def __init__(self, name: str, weights: str | Path | None, resizing: str = "clean", *, size: int = 224) -> None:
        super().__init__(weights, resizing)
        import torchvision.models

        known = torchvision.models.list_models(torchvision.models)
        if name not in known:
            hint = nearest_hint(name, [INCEPTION, *known])
            raise ValueError(f"backbone {name!r} is neither {INCEPTION} nor a classifier of torchvision.{hint}")
        if weights is None:
            raise ValueError(f"{name} needs weights=FILE, the state dict of torchvision's {name}")
        self.name, self.size = name, size

    def protocol(self) -> dict[str, str]:
        """Return what the features depend on."""
        return {**super().protocol(), "size": f"{self.size}x{self.size}"}

    def _build(self) -> tuple[nn.Module, Path]:
        import torchvision.models

        path = expanded(str(self.weights))
        state = read_state_dict(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # some networks warn about their initialization
            network = torchvision.models.get_model(self.name, weights=None)
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise MetricError(f"{path} has no weights of {self.name}: {str(error).splitlines()[0]}") from error
        _remove_last_linear(network, self.name)
        return network.eval().requires_grad_(False), path

    def _features(self, images: Tensor) -> Tensor:
        from torchvision.transforms.v2.functional import normalize

        if self.resizing == "clean":
            x = clean_resize(images, self.size).to(self.device) / 255
        else:
            x = nn.functional.interpolate(images.to(self.device) / 255, (self.size, self.size), mode="bilinear")
        return self._network(normalize(x, IMAGENET_MEAN, IMAGENET_DEVIATION)).flatten(1)


def clean_resize(images: Tensor, size: int) -> Tensor:
    """Resize uint8 images (B, 3, H, W) by Pillow's bicubic with antialiasing, channel by channel, without rounding.

    Shape:
        returns: (B, 3, size, size), float32 in 0..255.
    """
    if images.shape[-2:] == (size, size):
        return images.float()

    def resized(channel: Tensor) -> Any:
        return np.asarray(Image.fromarray(channel.float().numpy()).resize((size, size), Image.Resampling.BICUBIC))

    planes = [resized(channel) for channel in images.cpu().flatten(0, 1)]
    return torch.from_numpy(np.stack(planes)).clamp(0, 255).unflatten(0, tuple(images.shape[:2]))


def _remove_last_linear(network: nn.Module, name: str) -> None:
    linear = [path for path, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise MetricError(f"{name} has no linear layer whose input could serve as features; choose another backbone")
    parent, _, leaf = linear[-1].rpartition(".")
    setattr(network.get_submodule(parent), leaf, nn.Identity())
