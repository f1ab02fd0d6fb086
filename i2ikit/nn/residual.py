"""The residual block of the ResNet generator."""

from typing import Literal

from torch import Tensor, nn

from i2ikit.checks import one_of
from i2ikit.nn.norms import bias_before, make_norm

PADDINGS: dict[str, Literal["reflect", "replicate", "zeros"]] = {
    "reflect": "reflect",
    "replicate": "replicate",
    "zero": "zeros",
}


class ResidualBlock(nn.Module):
    """x + S(x) with S = conv, norm, ReLU, (dropout), conv, norm; nothing after the sum.

    Args:
        channels: C of input and output.
        norm: ``instance``, ``instance_affine``, ``batch`` or ``none``.
        padding: what surrounds the image for the 3x3 convolutions: ``reflect``, ``replicate`` or ``zero``.
        dropout: drop half of the values between the two halves while training.
    Shape:
        (B, C, H, W) -> the same; ``reflect`` needs H, W >= 2.

    Raises:
        ValueError: unknown norm or padding.
    Source:
        He et al. 2015, arXiv:1512.03385, in the form of Johnson et al. 2016, arXiv:1603.08155.
    """

    def __init__(self, channels: int, *, norm: str, padding: str, dropout: bool) -> None:
        super().__init__()
        mode = PADDINGS[one_of("padding", padding, PADDINGS)]
        bias = bias_before(norm)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode=mode, bias=bias)
        self.norm1 = make_norm(norm, channels)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(0.5) if dropout else nn.Identity()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode=mode, bias=bias)
        self.norm2 = make_norm(norm, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return x + S(x)."""
        inner = self.dropout(self.relu(self.norm1(self.conv1(x))))
        return x + self.norm2(self.conv2(inner))
