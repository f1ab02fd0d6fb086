"""What the names in image expressions mean in one model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import nn

from i2ikit.errors import counted, no_such
from i2ikit.interfaces.inputs import ExtraInput, extra_inputs
from i2ikit.translation.expressions import Expression, number, parse, parse_inputs, shown
from i2ikit.views.base import View

GENERATORS, DISCRIMINATORS = "generators.", "discriminators."
FURTHER = " Masks, labels and second images have to be listed in data.train.extra, or announced by your own data set."
AUGMENT = "augment_"  # what the name of a view begins with that stands in front of a discriminator
DOMAINS = ("a", "b")


class Language:
    """Reads image expressions, and brings each into the one form that stands for it.

    In this form every input of a network is in its position, the defaults too, and a network that has several names has
    the first of them, so that one pass has one text; and a view ``augment_b`` stands in front of the image of
    discriminator ``b``.

    Args:
        networks: by full name, where several names may share one; None for one that could not be built, whose inputs
            are not checked.
        views: by name; None likewise.
        real: names of the real images.
        named: image expressions by a name that stands for them in other expressions.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module | None],
        views: Mapping[str, View | None],
        *,
        real: Sequence[str] = DOMAINS,
        named: Mapping[str, str] | None = None,
    ) -> None:
        self.networks, self.views, self.real, self.named = networks, views, tuple(real), dict(named or {})
        first: dict[int, str] = {}
        self._full = {name: first.setdefault(id(each), name) for name, each in networks.items() if each is not None}
        self._open: list[str] = []  # names that are being replaced
        self._read: dict[tuple[str, str], tuple[Expression, ...]] = {}

    def full(self, network: str) -> str:
        """Return the full name by which a network is known, of one that has several; another name as it is."""
        return self._full.get(network, network)

    def image(self, text: str) -> Expression:
        """Return the image of a text.

        Raises:
            ValueError: it is no image expression, a name in it is unknown or stands for itself, or an input is missing
                or one too many.
        """
        return self.inputs("", text)[0]

    def inputs(self, network: str, text: str) -> tuple[Expression, ...]:
        """Return all inputs of a network (full name) from a text such as ``"ab(a), t"``; without a name one image.

        Raises:
            ValueError: as for :meth:`image`.
        """
        if (network, text) not in self._read:
            try:
                found = self._new_inputs(network, text)
            except RecursionError:
                raise ValueError(f"{shown(text)} leads through too many names of model.images; write fewer") from None
            for image in found:
                image.check_size()
            self._read[network, text] = found
        return self._read[network, text]

    def _new_inputs(self, network: str, text: str) -> tuple[Expression, ...]:
        network = self.full(network)
        if network:
            return self._augmented(network, self._inputs(network, parse_inputs(text), text))
        return (self._bound(parse(text), text),)

    def augmentation(self, network: str) -> View | None:
        """Return the view that stands in front of a network (full name), or None."""
        return self.views.get(f"{AUGMENT}{network.removeprefix(DISCRIMINATORS)}")

    def _augmented(self, network: str, inputs: tuple[Expression, ...]) -> tuple[Expression, ...]:
        if self.augmentation(network) is None:
            return inputs
        return (Expression(f"{AUGMENT}{network.removeprefix(DISCRIMINATORS)}", inputs[:1]), *inputs[1:])

    def real_images(self, text: str) -> set[str]:
        """Return the names of the real images in an image expression."""
        return self.image(text).images() - self.views.keys()

    def opaque(self) -> set[str]:
        """Return the names of the views that let no gradient through."""
        return {name for name, view in self.views.items() if view is not None and not view.differentiable}

    def _bound(self, node: Expression, text: str) -> Expression:
        """Return an expression in its one form."""
        if node.number is not None:
            raise ValueError(f"an image is expected instead of the number {node} in {text!r}")
        is_generator = f"{GENERATORS}{node.name}" in self.networks
        if node.tap != "out" and not is_generator:
            raise ValueError(f"{node.name!r} is no generator, so it has no tap {node.tap!r} ({text!r})")
        if node.name in self.views:
            return self._view(node, text)
        if not node.arguments and not node.keywords:
            if node.name in self.named:
                return self._named(node.name)
            if is_generator:
                raise ValueError(f"{node.name!r} in {text!r} is a generator: write {node.name}({self.real[0]})")
            if node.name not in self.real:
                constants = [name for name, view in self.views.items() if view is not None and not view.arguments]
                wrong = no_such("image", node.name, [*self.real, *self.named, *constants], f" in {text!r}")
                raise ValueError(
                    f"{wrong}{FURTHER if any(word in node.name for word in ('mask', 'label', '2')) else ''}"
                )
            return node
        if not is_generator:
            names = [name.removeprefix(GENERATORS) for name in self.networks if name.startswith(GENERATORS)]
            raise ValueError(no_such("generator or view", node.name, [*names, *self.views], f" in {text!r}"))
        full = self.full(f"{GENERATORS}{node.name}")
        self._check_tap(full, node.tap, text)
        name = full.removeprefix(GENERATORS)
        return replace(node, name=name, arguments=self._inputs(full, node, text), keywords=())

    def _named(self, name: str) -> Expression:
        """Return the image of a name of ``model.images``."""
        if name in self._open:
            chain = " -> ".join([*self._open[self._open.index(name) :], name])
            raise ValueError(f"the image {name!r} is made of itself: {chain}")
        self._open.append(name)
        try:
            return self.image(self.named[name])
        finally:
            self._open.pop()

    def _check_tap(self, network: str, tap: str, text: str) -> None:
        found = self.networks[network]
        taps = [*getattr(found, "tap_names", ("out",)), *getattr(found, "inner_tap_names", ())]
        if found is not None and tap != "out" and tap not in taps:
            raise ValueError(no_such("tap", tap, taps, f" in {network} ({text!r})"))

    def _view(self, node: Expression, text: str) -> Expression:
        """Return a call of a view: its images, then its numbers."""
        view = self.views[node.name]
        if node.keywords:
            raise ValueError(f"the view {node.name!r} takes no argument by name, as in {text!r}")
        images = [argument for argument in node.arguments if argument.number is None]
        numbers = node.arguments[len(images) :]
        if any(each.number is None for each in numbers):
            raise ValueError(f"the numbers of the view {node.name!r} come after its images ({text!r})")
        if view is not None and len(images) != view.arguments:
            raise ValueError(f"{node.name!r} takes {counted(view.arguments, 'image')}, not {len(images)} ({text!r})")
        if view is not None and view.arguments and len(numbers) != view.numbers:
            expected = counted(view.numbers, "number")
            raise ValueError(f"{node.name!r} takes {expected} after its images, not {len(numbers)} ({text!r})")
        return replace(node, arguments=(*(self._bound(image, text) for image in images), *numbers))

    def _inputs(self, network: str, node: Expression, text: str) -> tuple[Expression, ...]:
        """Return the inputs of a network in their positions."""
        found, name = self.networks.get(network), network.partition(".")[2]
        if found is None:
            return tuple(each if each.number is not None else self._bound(each, text) for each in node.arguments)
        extras = {extra.name: extra for extra in extra_inputs(found)}
        if not node.arguments:
            raise ValueError(f"{name!r} takes an image first ({text!r})")
        image, *others = node.arguments
        if len(others) > len(extras):
            takes = f"{counted(1 + len(extras), 'input')} ({', '.join(['an image', *extras])})"
            raise ValueError(f"{name!r} takes {takes}, not {1 + len(others)} ({text!r})")
        given = dict(zip(extras, others, strict=False))
        for key, value in node.keywords:
            if key not in extras:
                raise ValueError(no_such("input", key, extras, f" of {name!r} in {text!r}"))
            if key in given:
                raise ValueError(f"{name!r} gets its input {key!r} twice ({text!r})")
            given[key] = value
        made = (self._extra(extra, given.get(key), name, text) for key, extra in extras.items())
        return (self._bound(image, text), *made)

    def _extra(self, extra: ExtraInput, value: Expression | None, name: str, text: str) -> Expression:
        """Return an extra input of a network, or its default."""
        if value is None:
            return number(extra.needed_default(f"{name!r} in {text!r}"))
        if value.number is None:
            return self._bound(value, text)
        try:
            extra.check_number(value.number)
        except ValueError as error:
            raise ValueError(f"{name!r}: {error} ({text!r})") from error
        return value
