"""Classes of the pixels of an image, as a frozen segmentation network sees them, against a label."""

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.checks import not_negative_int
from i2ikit.errors import DataError, ShapeError
from i2ikit.interfaces import Read, StepReader
from i2ikit.ops.numerics import at_least_float32
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term


@TERMS.register_module()
class ClassMapTerm(Term):
    """Each pixel of an image should keep its class: cross-entropy of a segmentation network's logits with a label.

    The label is reduced to the size of the logits by the nearest pixel. Where all pixels are ignored the value is 0.

    Args:
        network: full name of the network, such as ``"extractors.classes"``.
        image: expression of the image that is trained, such as ``"ab(a)"``.
        label: expression of its label, codes (B, 1, H, W) such as ``"a_label"``.
        tap: of the network whose channels are the logits of the classes.
        ignore: code of the pixels that do not count.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: the label is not one of codes (B, 1, H, W), or the logits are not those of pixels.
        DataError: on a CPU, a code is neither a class nor ignored; a GPU would have to wait for that check.
    Source:
        Hoffman et al. 2018, arXiv:1711.03213, the semantic consistency loss, there with the network's own classes of
        the input as the label.
    Example:
        >>> [(read.network, read.image) for read in ClassMapTerm("extractors.classes", "ab(a)", "a_label").reads()]
        [('extractors.classes', 'ab(a)'), ('', 'a_label')]
    """

    def __init__(self, network: str, image: str, label: str, *, tap: str = "out", ignore: int = 255) -> None:
        super().__init__()
        self.network, self.image, self.label, self.tap = network, image, label, tap
        self.ignore = not_negative_int("ignore", ignore)

    def reads(self) -> list[Read]:
        """Return the logits of the image, and the label."""
        return [Read.taps_of(self.network, self.image, [self.tap]), Read(self.label, grad=False)]

    def forward(self, step: StepReader) -> Tensor:
        """Return the cross-entropy in nats, the mean over the pixels that count."""
        logits = at_least_float32(step.taps(self.network, self.image, [self.tap])[self.tap])
        if logits.ndim != 4:
            raise ShapeError(f"ClassMapTerm needs logits (B, K, h, w), got {tuple(logits.shape)}")
        label = step.image(self.label, grad=False)
        if label.is_floating_point() or label.ndim != 4 or label.shape[1] != 1:
            raise ShapeError(f"ClassMapTerm needs codes (B, 1, H, W), got {label.dtype} {tuple(label.shape)}")
        rows, columns = (
            torch.arange(size, device=label.device) * full // size
            for size, full in zip(logits.shape[-2:], label.shape[-2:], strict=True)
        )  # as F.interpolate with mode="nearest", which takes no integers
        codes = label[:, 0, rows[:, None], columns]  # (B, h, w)
        counted = (codes != self.ignore).sum().clamp(min=1)
        try:
            total = F.cross_entropy(logits, codes, ignore_index=self.ignore, reduction="sum")
        except IndexError:
            classes = logits.shape[1]
            wrong = codes[((codes < 0) | (codes >= classes)) & (codes != self.ignore)].unique().tolist()
            raise DataError(
                f"{self.label} has the codes {', '.join(map(str, wrong))}, but {self.network} has {classes} classes, "
                f"coded 0 to {classes - 1}, and ignore={self.ignore}: write other codes into the labels, or set "
                "`ignore` to the one that does not count"
            ) from None
        return total / counted
