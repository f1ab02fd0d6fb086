"""Attention-guided generators for i2ikit: AttentionGAN and U-GAT-IT."""

from collections.abc import Sequence
from pathlib import Path

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> Sequence[str]:
    """Name the modules whose import registers the parts."""
    return ["i2ikit_attention.attention_gan", "i2ikit_attention.ugatit", "i2ikit_attention.cam_term"]


@hookimpl
def i2ikit_configs() -> Sequence[Path]:
    """Name the folder of configs."""
    return [Path(__file__).parent / "configs"]
