"""Networks whose features images are compared by: the Inception of the FID, and any classifier of torchvision."""

import importlib.util
import pickle
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
from i2ikit.files import file_hash
from i2ikit.metrics.weights import WeightsFile, find_weights

INCEPTION = "inception-v3-compat"  # torch-fidelity's name of the network that the FID is defined by
INCEPTION_SIZE = 299  # pixels
STANDARD_WEIGHTS = WeightsFile(
    "the file of the Inception of FID and KID",
    ("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth"),
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
)
RESIZING = ("clean", "legacy")
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Backbone(ABC):
    """A network that makes a vector of features of an image; its weights are loaded by `load`.

    Args:
        weights: a file, or None for the standard weights where the network has such.
        resizing: ``"clean"``: Pillow's bicubic, antialiased, not rounded; ``"legacy"``: bilinear without
            antialiasing, as the first published code of the network resizes.

    Attributes:
        digest: sha256 of the file of weights, empty until it is loaded.
    """

    name: str

    def __init__(self, weights: str | Path | None, resizing: str) -> None:
        self.weights, self.resizing = weights, one_of("resizing", resizing, RESIZING)
        self.digest = ""
        self.device = torch.device("cpu")

    def load(self, device: torch.device) -> None:
        """Find the weights, build the network, and move it to ``device``; a second call only moves it.

        Raises:
            MetricError: the weights or a package are missing, or the weights do not fit.
        """
        if not self.digest:
            path = self._find()
            self._build(path)
            self.digest = file_hash(path)
        self.device = device
        self._network.to(device)

    def __call__(self, images: Tensor) -> Tensor:
        """Return features (B, D), float32 on the CPU, of images (B, 3, H, W) of uint8."""
        with torch.inference_mode():
            return self._features(images).float().cpu()

    def protocol(self) -> dict[str, str]:
        """Return what the features depend on."""
        return {"backbone": self.name, "weights_sha256": self.digest, "resizing": self.resizing}

    _network: nn.Module

    @abstractmethod
    def _find(self) -> Path:
        """Return the file of weights."""

    @abstractmethod
    def _build(self, path: Path) -> None:
        """Make ``_network`` with the weights of a file."""

    @abstractmethod
    def _features(self, images: Tensor) -> Tensor:
        """Return features (B, D) of images (B, 3, H, W) of uint8."""


class Inception(Backbone):
    """The Inception network of the FID, out of torch-fidelity: 2048 features of an image of 299 x 299.

    Args:
        weights: a file; None: the standard one, from torch's cache or its source.
        resizing: as for Backbone; ``"legacy"`` is that of TensorFlow 1.
        standard: whether the file must be the standard one.
    Source:
        Heusel et al. 2017, arXiv:1706.08500; clean resizing: Parmar et al. 2022, arXiv:2104.11222.
    """

    name = INCEPTION

    def __init__(self, weights: str | Path | None = None, resizing: str = "clean", *, standard: bool = True) -> None:
        super().__init__(weights, resizing)
        self.standard = standard

    def _find(self) -> Path:
        if importlib.util.find_spec("torch_fidelity") is None:
            raise MetricError("the Inception of the FID needs torch-fidelity: pip install 'i2ikit[metrics]'")
        if self.standard or self.weights is None:
            return find_weights(STANDARD_WEIGHTS, self.weights)
        return _given(self.weights)

    def _build(self, path: Path) -> None:
        from torch_fidelity import FeatureExtractorInceptionV3

        read_weights(path)  # torch-fidelity would run what is pickled in a file
        try:
            self._network = FeatureExtractorInceptionV3(INCEPTION, ["2048"], feature_extractor_weights_path=str(path))
        except RuntimeError as error:
            raise MetricError(f"{path} holds no weights of {INCEPTION}: {str(error).splitlines()[0]}") from error

    def _features(self, images: Tensor) -> Tensor:
        if self.resizing == "legacy":
            features: Tensor = self._network(images.to(self.device))[0]
            return features
        x = (clean_resize(images, INCEPTION_SIZE).to(self.device) - 128) / 128
        for name, layer in self._network.named_children():  # the network itself takes whole numbers alone
            if name != "fc":
                x = layer(x)
        return x.flatten(1)


class Classifier(Backbone):
    """A classifier of torchvision without its last linear layer.

    Args:
        name: such as ``"resnet50"``.
        weights: file of its state dict.
        resizing: as for Backbone.
        size: pixels, height and width of what the network sees.

    Raises:
        ValueError: torchvision has no such classifier.
    """

    def __init__(self, name: str, weights: str | Path | None, resizing: str = "clean", *, size: int = 224) -> None:
        super().__init__(weights, resizing)
        import torchvision.models

        known = torchvision.models.list_models(torchvision.models)
        if name not in known:
            hint = nearest_hint(name, known)
            raise ValueError(f"neither {INCEPTION} nor a classifier of torchvision is called {name!r}.{hint}")
        if weights is None:
            raise ValueError(f"{name} needs weights=FILE, the state dict of torchvision's {name}")
        self.name, self.size = name, size

    def protocol(self) -> dict[str, str]:
        """Return what the features depend on."""
        return {**super().protocol(), "size": f"{self.size}x{self.size}"}

    def _find(self) -> Path:
        return _given(self.weights)

    def _build(self, path: Path) -> None:
        import torchvision.models

        state = read_weights(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # some tell how they would draw weights
            network = torchvision.models.get_model(self.name, weights=None)
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise MetricError(f"{path} holds no weights of {self.name}: {str(error).splitlines()[0]}") from error
        _remove_last_linear(network, self.name)
        self._network = network.eval().requires_grad_(False)

    def _features(self, images: Tensor) -> Tensor:
        if self.resizing == "clean":
            x = clean_resize(images, self.size).to(self.device) / 255
        else:
            x = nn.functional.interpolate(images.to(self.device) / 255, (self.size, self.size), mode="bilinear")
        mean, deviation = (x.new_tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_DEVIATION))
        return self._network((x - mean) / deviation).flatten(1)


def make_backbone(name: str, weights: str | Path | None, resizing: str, size: int) -> Backbone:
    """Return the backbone that a user names; Inception is the standard one only without a file of the user's."""
    if name == INCEPTION:
        return Inception(weights, resizing, standard=weights is None)
    return Classifier(name, weights, resizing, size=size)


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


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a state dict without running what a file may hold besides.

    Raises:
        MetricError: the file is damaged or holds something else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise MetricError(f"{path} cannot be read as a file of weights: {str(error).splitlines()[0]}") from error
    if not isinstance(state, dict):
        raise MetricError(f"{path} holds no weights by name, but a {type(state).__name__}")
    return state


def _given(path: str | Path | None) -> Path:
    found = Path(str(path)).expanduser()
    if not found.is_file():
        raise MetricError(f"there is no file of weights at {found}")
    return found


def _remove_last_linear(network: nn.Module, name: str) -> None:
    linear = [path for path, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise MetricError(f"{name} ends in no linear layer, so what its features are is not clear; choose another")
    parent, _, leaf = linear[-1].rpartition(".")
    setattr(network.get_submodule(parent), leaf, nn.Identity())
