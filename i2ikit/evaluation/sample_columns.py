"""The columns of samples: what a model makes of each image, with a plain name for each of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from i2ikit.translation import UnpairedTranslation
from i2ikit.translation.expressions import Expression, parse
from i2ikit.translation.language import DOMAINS
from i2ikit.translation.outputs import domain_of

INPUT, OUTPUT, IDENTITY, RECONSTRUCTION = "input", "output", "identity", "reconstruction"


@dataclass(frozen=True)
class Column:
    """An image of the samples.

    Attributes:
        image: its expression.
        domain: of the real image that it is made of.
        reads: names of all real images that it is made of.
        name: "input", "output", "reconstruction", "identity", or its expression.
        is_map: whether it was asked for, and is shown whatever it is.
    """

    image: Expression
    domain: str
    reads: tuple[str, ...]
    name: str = ""
    is_map: bool = False

    def __str__(self) -> str:
        return str(self.image)


def sample_columns(model: UnpairedTranslation, show: Sequence[str] = ()) -> list[Column]:
    """Return what is shown: the input of each domain, then what outputs and terms make of it, shortest first.

    Views that are not ``at_test`` are left out, so ``"ab(mirror(a))"`` and ``"pool(ab(a))"`` are both ``"ab(a)"``.
    Where two images of one domain would have the same name, each is followed by its expression.

    Args:
        model: whose outputs and terms they are.
        show: expressions of more images and maps.
    """
    outputs = {name: model.shown(image) for name, image in model.outputs.items()}
    texts = [*outputs.values(), *(model.shown(parse(text)) for text in model.image_expressions())]
    made = [_column(image, model, outputs) for image in dict.fromkeys(texts) if image.arguments]
    made.sort(key=lambda column: sum(1 for _ in column.image.walk()))  # stable: keeps the order of the config
    asked = [replace(_column(model.shown(model.language.image(text)), model, {}), is_map=True) for text in show]
    made = [*made, *(column for column in asked if column.image not in {other.image for other in made})]
    columns: list[Column] = []
    for domain in DOMAINS:
        of_domain = [column for column in made if column.domain == domain]
        if of_domain:
            columns += [Column(Expression(domain), domain, (domain,), INPUT), *of_domain]
    kinds = [(column.domain, column.name) for column in columns]
    return [
        column if kinds.count(kind) == 1 else replace(column, name=f"{column.name} {column}")
        for column, kind in zip(columns, kinds, strict=True)
    ]


def are_images(columns: Sequence[Column], made: Mapping[str, Tensor], item: Mapping[str, Tensor]) -> list[Column]:
    """Return the columns whose values are images: of the size of the input, and the channels of a domain.

    Args:
        columns: of a model.
        made: what was made for them, by expression.
        item: real images (C, H, W) by name.
    """
    channels = {len(item[domain]) for domain in DOMAINS if domain in item}
    shapes = {str(column): made[str(column)].shape for column in columns}
    return [
        column for column in columns
        if len(shape := shapes[str(column)]) == 3  # (C, H, W)
        and shape[0] in channels and shape[1:] == item[column.domain].shape[1:]
    ]  # fmt: skip


def as_shown(values: Tensor) -> Tensor:
    """Return a map (C, H, W) as an image in -1..1, from least to largest value; a vector as a row of pixels."""
    low, high = values.min(), values.max()
    flat = values if values.ndim == 3 else values.reshape(1, 1, -1)
    return 2 * (flat - low) / (high - low).clamp(min=1e-12) - 1


def _column(image: Expression, model: UnpairedTranslation, outputs: Mapping[str, Expression]) -> Column:
    names = [part.name for part in image.walk() if not part.arguments and part.number is None]
    reads = [name for name in names if name not in model.views]
    domain = next(filter(None, map(domain_of, reads)), "")
    return Column(image, domain, tuple(dict.fromkeys(reads)), _name(image, outputs))


def _name(image: Expression, outputs: Mapping[str, Expression]) -> str:
    """Return what an image is, by the outputs of the model: one of them, one of the other domain, one of another."""
    if image in outputs.values():
        return OUTPUT
    for name, output in outputs.items():
        filling = _filling(output, image, name[0])
        if filling == Expression(name[1]):
            return IDENTITY
        if filling is not None and any(part in outputs.values() for part in filling.walk()):
            return RECONSTRUCTION
    return str(image)


def _filling(output: Expression, image: Expression, source: str) -> Expression | None:
    """Return what stands in an image where an output has its source; None if they differ elsewhere."""
    if output == Expression(source):
        return image
    if replace(output, arguments=()) != replace(image, arguments=()) or len(output.arguments) != len(image.arguments):
        return None
    found: Expression | None = None
    for own, other in zip(output.arguments, image.arguments, strict=True):
        if own != other:
            filling = _filling(own, other, source)
            if filling is None or found not in (None, filling):
                return None
            found = filling
    return found
