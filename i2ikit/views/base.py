"""What a view is."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from i2ikit.interfaces.progress import Progress


class View(nn.Module, ABC):
    """A random image operation in an image expression, such as ``mirror`` in ``"ab(mirror(a))"``.

    A view is sampled once per step; a sample of None means that the view is the image itself in this step. A view of
    no images is a value of its own, such as a latent ``z``: it stands in an expression as a bare name, or is called
    with numbers alone, which tell several values of one step apart: ``z(0)``, ``z(1)``.

    Attributes:
        differentiable: whether gradient flows through it.
        arguments: number of images it takes; 0: none.
        numbers: of a view that takes images, how many numbers follow them, ``"shade(a, 0.5)"``.
        stream: name of its random stream; empty: its own name. Views of one stream get the same random numbers. Every
            view takes it in its config.
        at_test: whether it stays in an expression outside of training; else it is the image itself there. A view of no
            images always stays. Every view takes it in its config.
    """

    differentiable = True
    arguments = 1
    numbers = 0
    stream = ""
    at_test = False

    @abstractmethod
    def sample(self, generator: torch.Generator, progress: Progress) -> Any | None:
        """Return the random values of this step for :meth:`forward`, or None to leave images as they are.

        One sample serves every image of the step that the view is applied to. A view that needs other random numbers
        for each image samples a seed here and derives a stream from it, the expression and the position of the image
        in the step, as ``Mix`` does: then nothing depends on the order in which images are made or on how many
        processes share the step, and an image that is made again is the same.

        Args:
            generator: on the CPU, of the view's stream in this step.
            progress: of this step; outside of training the last step of a run.
        """

    @abstractmethod
    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the view of a batch (B, C, H, W).

        Args:
            image: the viewed batch. A view of no images gets a batch of real images, which tells their number, size,
                type and device.
            others: the further images, then the ``numbers`` of the expression as floats.
            sample: the result of :meth:`sample`.
            expression: the text of the arguments.
            first: position of the batch's first image among all images of the step, from 0.
        """

    def invert(self, feature: Tensor, sample: Any) -> Tensor:
        """Return features (B, C, h, w) of a viewed image with the geometry of the view undone."""
        return feature


class UnfoldingView(View):
    """A view that stands for another image expression, which it writes anew in each step, such as a chain.

    The expression takes its place before the step's passes are planned, so passes inside it are shared like all others.
    """

    @abstractmethod
    def unfold(self, arguments: tuple[str, ...], sample: Any) -> str:
        """Return an image expression, which may use every name of the model, and call this view with other arguments.

        Args:
            arguments: the texts of the view's arguments, numbers included.
            sample: the result of :meth:`sample`.
        """

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Never called: the step computes the expression of :meth:`unfold`."""
        raise TypeError(f"{type(self).__name__} unfolds into an image expression and computes no image itself")
