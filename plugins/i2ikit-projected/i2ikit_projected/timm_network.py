"""Any network of timm as a frozen extractor: its features of several depths."""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from packaging.version import Version
from torch import Tensor, nn
from typing_extensions import Self

from i2ikit.checks import check_images
from i2ikit.errors import nearest_hint, no_such
from i2ikit.extras import MissingExtraError
from i2ikit.nn.frozen import RANDOM, ImageNetInput, load_frozen
from i2ikit.registry import EXTRACTORS

OLDEST = "1.0.31"  # before it, networks lack forward_intermediates or count the stem among the features
INSTALL = "pip install 'i2ikit-projected[timm]'"


@EXTRACTORS.register_module()
class TimmNetwork(nn.Module):
    """A network of ``timm``: the taps are the layers whose features timm offers, one for each size of maps.

    Args:
        name: of the network, as ``timm.create_model`` knows it, such as ``"tf_efficientnet_lite0"``. A tag of weights
            after a dot, as in ``"convnext_tiny.fb_in22k"``, chooses the normalization of the input.
        weights: file of its state dict, or ``"random"``; nothing is downloaded.
        layers: those that are taps, such as ``["blocks.1", "blocks.2"]``; none: all that timm offers. What comes after
            the last of them is left out.
    Shape:
        taps of images (B, 3, H, W) in -1..1, normalized as the network's data config says; each (B, C, h, w).

    Raises:
        MissingExtraError: timm is not installed, or too old.
        ValueError: there is no such network or layer, or the file has other weights.
    Example:
        >>> network = TimmNetwork("resnet10t", "random", layers=["layer1", "layer3"])
        >>> [tuple(x.shape) for x in network.trace(torch.zeros(1, 3, 64, 64), ["layer1", "layer3"]).values()]
        [(1, 64, 16, 16), (1, 256, 4, 4)]
    """

    def __init__(self, name: str, weights: str, *, layers: Sequence[str] = ()) -> None:
        super().__init__()
        if find_spec("timm") is None or Version(version("timm")) < Version(OLDEST):
            raise MissingExtraError(f"TimmNetwork needs timm {OLDEST} or newer: {INSTALL}")
        import timm
        from timm.data import resolve_model_data_config

        architecture = name.partition(".")[0]
        if not timm.is_model(architecture):
            raise ValueError(f"timm has no network {architecture!r}.{nearest_hint(architecture, timm.list_models())}")
        if name != architecture and not timm.models.is_model_pretrained(name):
            tags = timm.list_pretrained(f"{architecture}.*")
            raise ValueError(no_such("network", name, tags, " with weights in timm"))
        self.network: Any = timm.create_model(name, pretrained=False, num_classes=0)
        offered = {feature["module"]: feature["num_chs"] for feature in self.network.feature_info}
        for layer in layers:
            if layer not in offered:
                raise ValueError(no_such("layer", layer, offered, f" with features in {name}"))
        kept = [index for index, layer in enumerate(offered) if layer in (layers or offered)]
        self.indices = self.network.prune_intermediate_layers(kept, prune_norm=True, prune_head=True)
        self.channels = {layer: width for layer, width in offered.items() if layer in (layers or offered)}
        self.tap_names = tuple(self.channels)
        data = resolve_model_data_config(self.network)
        self.input, self.in_channels = ImageNetInput(data["mean"], data["std"]), 3
        if weights != RANDOM:
            load_frozen(self.network, weights)
        self.eval()

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode."""
        return super().train(False)

    def widths(self, taps: Iterable[str]) -> list[int]:
        """Return the number of channels of each tap.

        Raises:
            ValueError: a name is none of the taps.
        """
        wanted = list(taps)
        for tap in wanted:
            if tap not in self.channels:
                raise ValueError(no_such("tap", tap, self.channels, " in the layers of TimmNetwork"))
        return [self.channels[tap] for tap in wanted]

    def trace(self, x: Tensor, taps: Iterable[str]) -> dict[str, Tensor]:
        """Return the features of the requested layers.

        Raises:
            ShapeError: the images do not have 3 channels.
        """
        check_images(type(self).__name__, x, self.in_channels)
        features = self.network.forward_intermediates(
            self.input(x), indices=self.indices, output_fmt="NCHW", intermediates_only=True
        )
        found = dict(zip(self.tap_names, features, strict=True))
        return {tap: found[tap] for tap in taps}
