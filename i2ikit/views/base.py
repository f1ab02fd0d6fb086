"""What a view is."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn


class View(nn.Module, ABC):
    """An image operation that can stand in an image expression, such as ``mirror`` in ``"ab(mirror(a))"``.

    A view draws once a step; a draw of None means that the view is the image itself in this step.

    Attributes:
        differentiable: whether gradient flows through it.
        arguments: number of images it takes.
    """

    differentiable = True
    arguments = 1

    @abstractmethod
    def draw(self, generator: torch.Generator) -> Any | None:
        """Return what :meth:`forward` needs in this step, or None for "not drawn".

        One draw serves every image of the step that the view is applied to. A view that needs random numbers of its
        own for each image draws a seed here and makes a stream of it, the expression and the image's place in the
        step, as ``Mix`` does: so nothing depends on the order in which images are made or on how many processes share
        the step, and an image that is made again is the same.
        """

    @abstractmethod
    def forward(self, image: Tensor, *others: Tensor, draw: Any, expression: str, first: int = 0) -> Tensor:
        """Return the view of a batch (B, C, H, W).

        Args:
            image, others: the viewed batches.
            draw: what :meth:`draw` returned.
            expression: the text of the viewed images.
            first: place of the batch's first image among all images of the step, from 0; others follow.
        """

    def invert(self, feature: Tensor, draw: Any) -> Tensor:
        """Undo the view's geometry on features (B, C, h, w) of a viewed image; a view of colors leaves them."""
        return feature
