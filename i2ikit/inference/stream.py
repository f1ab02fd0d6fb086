"""Translates images one after the other, neighbors of one size together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from i2ikit.errors import DataError, ShapeError
from i2ikit.inference.image_kinds import Prepared

MOST_PIXELS = 2**20  # of a batch of more than one image: larger ones gain nothing together
USER_ERRORS = (DataError, ShapeError, TypeError)


def translated(
    images: Iterable[Any],
    prepare: Callable[[Any], Prepared],
    run: Callable[[Sequence[Prepared]], list[Any]],
    *,
    batch: int,
) -> Iterator[Any]:
    """Yield the translations of images in their order.

    Args:
        images: they are taken when their translations are asked for, at most ``batch`` of them ahead.
        prepare: makes what the network gets from an image.
        run: translates images of one size.
        batch: the most images that run together.

    Raises:
        DataError, ShapeError, TypeError: of an image, with its number, from 1, before the message. Those before it are
            yielded first.
    """
    waiting: list[Prepared] = []
    first = 1
    for number, image in enumerate(images, 1):
        try:
            found = prepare(image)
        except USER_ERRORS as error:
            yield from _each(waiting, run, first)
            raise _numbered(error, number) from error
        if waiting and not _fits(found, waiting, batch):
            yield from _each(waiting, run, first)
            waiting = []
        first = first if waiting else number
        waiting.append(found)
        if _count(waiting) >= batch:
            yield from _each(waiting, run, first)
            waiting = []
    yield from _each(waiting, run, first)


def _fits(image: Prepared, waiting: Sequence[Prepared], batch: int) -> bool:
    """Return whether an image can be translated together with others."""
    count = len(image.x) + _count(waiting)
    small = count * image.x.shape[-1] * image.x.shape[-2] <= MOST_PIXELS
    return small and count <= batch and image.x.shape[1:] == waiting[0].x.shape[1:]


def _count(images: Sequence[Prepared]) -> int:
    return sum(len(each.x) for each in images)


def _each(waiting: Sequence[Prepared], run: Callable[[Sequence[Prepared]], list[Any]], first: int) -> Iterator[Any]:
    """Yield the translations of a batch; if it fails, those of its images one by one, up to the one that fails."""
    if len(waiting) > 1:
        try:
            outputs = run(waiting)
        except USER_ERRORS:
            pass
        else:
            yield from outputs
            return
    for number, image in enumerate(waiting, first):
        try:
            outputs = run([image])
        except USER_ERRORS as error:
            raise _numbered(error, number) from error
        yield from outputs


def _numbered(error: Exception, number: int) -> Exception:
    return type(error)(f"image {number}: {error}")
