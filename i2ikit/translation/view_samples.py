"""The image expressions of one step: with the samples of its views, without the views that it skips."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from i2ikit.interfaces.progress import Progress
from i2ikit.translation.expressions import Expression
from i2ikit.translation.language import Language
from i2ikit.translation.random_streams import RandomStreams
from i2ikit.views.base import UnfoldingView, View


class ViewSamples:
    """The samples of views in one step, and the expressions that follow from them.

    Args:
        language: of the model.
        streams: the random streams of the step.
        progress: of the step.
        testing: leave out the views of images that do not say ``at_test``, as everywhere outside of training.

    Attributes:
        samples: by view; None for those that this step skips.
        closed: no further view is sampled; an expression with another one is a LookupError.
    """

    def __init__(
        self, language: Language, streams: RandomStreams, progress: Progress, *, testing: bool = False
    ) -> None:
        self.language, self.streams, self.progress, self.testing = language, streams, progress, testing
        self.closed = False
        self.samples: dict[str, Any] = {}
        self._observed: set[str] = set()
        self._resolved: dict[tuple[str, str], tuple[Expression, ...]] = {}

    def view(self, name: str) -> View:
        """Return a view by name."""
        view = self.language.views[name]
        assert view is not None, "the model is built"
        return view

    def sample(self, name: str) -> Any:
        """Return the sample of a view in this step.

        Raises:
            LookupError: the view is new after all samples were taken.
        """
        if name not in self.samples:
            if self.closed:
                raise LookupError(f"the view {name!r} is not sampled in this step")
            view = self.view(name)
            self.samples[name] = view.sample(self.streams.generator(f"view/{view.stream or name}"), self.progress)
        return self.samples[name]

    def inputs(self, network: str, text: str) -> tuple[Expression, ...]:
        """Return the inputs of a network (full name), or the one image of a text without a network, for this step.

        Raises:
            ValueError: see :meth:`Language.inputs`.
            LookupError: as for :meth:`sample`.
        """
        if (network, text) not in self._resolved:
            self._resolved[network, text] = tuple(map(self._resolve, self.language.inputs(network, text)))
        return self._resolved[network, text]

    def apply(self, image: Expression, viewed: Sequence[Tensor], like: Tensor, first: int | None = None) -> Tensor:
        """Return the value of a call of a view.

        Args:
            image: the call, as :meth:`inputs` returns it.
            viewed: the images among its arguments.
            like: a batch of real images, for a view of no images.
            first: position of the first image; None: that of the step's streams.
        """
        view = self.view(image.name)
        numbers = [argument.number for argument in image.arguments if argument.number is not None]
        given = [*viewed, *numbers] if view.arguments else [like]
        text, first = ", ".join(map(str, image.arguments)), self.streams.first if first is None else first
        made: Tensor = view(*given, sample=self.sample(image.name), expression=text, first=first)
        return made

    def observe(self, discriminator: str, image: Expression, logits: Sequence[Tensor]) -> None:
        """Show the view in front of a discriminator its logits of real images, once a step, if it has ``observe``.

        Args:
            discriminator: full name, of one that is updated.
            image: what it saw.
            logits: float32 maps (B, 1, h, w), one per scale.
        """
        observe = getattr(self.language.augmentation(discriminator), "observe", None)
        real = image.arguments and image.arguments[0].name in self.language.real
        if observe is not None and real and discriminator not in self._observed:
            self._observed.add(discriminator)
            observe([x.detach() for x in logits])

    def _resolve(self, image: Expression, inside: tuple[Expression, ...] = ()) -> Expression:
        """Return an image without skipped views, unfolding views replaced; ``inside``: the calls that became it."""
        arguments = tuple(self._resolve(argument, inside) for argument in image.arguments)
        call = replace(image, arguments=arguments)
        if image.number is not None or image.name not in self.language.views:
            return call
        view = self.view(image.name)
        skipped = self.testing and not view.at_test
        if view.arguments and (skipped or self.sample(image.name) is None):
            return arguments[0]
        sample = self.sample(image.name)
        if not isinstance(view, UnfoldingView):
            return call
        if call in inside:
            raise ValueError("it is made of itself")
        text = view.unfold(tuple(map(str, arguments)), sample)
        try:
            return self._resolve(self.language.image(text), (*inside, call))
        except ValueError as error:
            raise ValueError(f"the view {image.name!r} unfolds {call}: {error}") from error


TRIALS = 8  # steps in which a view that unfolds is tried


def check_inputs(language: Language, network: str, text: str) -> None:
    """Check the inputs of a network, or one image without a network; what views unfold into, in a few samples.

    Raises:
        ValueError: see :meth:`ViewSamples.inputs`.
    """
    used = {part.name for image in language.inputs(network, text) for part in image.walk()}
    views = [language.views[name] for name in used & language.views.keys()]
    if None in language.views.values() or not any(isinstance(view, UnfoldingView) for view in views):
        return
    for step in range(1, 1 + TRIALS):
        ViewSamples(language, RandomStreams(0, step), Progress(1, 1, 1, 1)).inputs(network, text)
