"""What a view is."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn


class View(nn.Module, ABC):
    """A random image operation in an image expression, such as ``mirror`` in ``"ab(mirror(a))"``.

    A view is sampled once per step; a sample of None means that the view is the image itself in this step.

    Attributes:
        differentiable: whether gradient flows through it.
        arguments: number of images it takes.
    """

    differentiable = True
    arguments = 1

    @abstractmethod
    def sample(self, generator: torch.Generator) -> Any | None:
        """Return the random values of this step for :meth:`forward`, or None to leave images as they are.

        One sample serves every image of the step that the view is applied to. A view that needs other random numbers
        for each image samples a seed here and derives a stream from it, the expression and the position of the image
        in the step, as ``Mix`` does: then nothing depends on the order in which images are made or on how many
        processes share the step, and an image that is made again is the same.
        """

    @abstractmethod
    def forward(self, image: Tensor, *others: Tensor, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the view of a batch (B, C, H, W).

        Args:
            image, others: the viewed batches.
            sample: the result of :meth:`sample`.
            expression: the text of the viewed images.
            first: position of the batch's first image among all images of the step, from 0.
        """

    def invert(self, feature: Tensor, sample: Any) -> Tensor:
        """Return features (B, C, h, w) of a viewed image with the geometry of the view undone."""
        return feature
