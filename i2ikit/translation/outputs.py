"""Outputs: the translations that a model is trained for, by name, such as ``ab="dec(target(enc(a)))"``."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from i2ikit.translation.build_networks import NetworksBuilder
from i2ikit.translation.expressions import Expression, parse
from i2ikit.translation.language import DOMAINS, Language
from i2ikit.translation.view_samples import check_inputs

NAME = re.compile(r"([ab])([ab])(?:_\w+)?")  # the two domains, and what tells apart several outputs of them
EXAMPLE = 'outputs=dict(ab="dec(enc(a))")'


def declared_outputs(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts of the outputs of a ``model`` section, by name.

    They are those that it names under ``outputs``; without any, each generator whose name is two domains translates the
    first one: ``ab="ab(a)"``.
    """
    given, generators = model.get("outputs"), model.get("generators")
    if given or not isinstance(generators, Mapping):
        return dict(given) if isinstance(given, Mapping) else {}
    return {name: f"{name}({name[0]})" for name in generators if len(str(name)) == 2 and set(name) <= set(DOMAINS)}


def build_outputs(networks: NetworksBuilder, language: Language) -> dict[str, Expression]:
    """Return the outputs of a model; each error is recorded.

    Args:
        networks: of the model.
        language: of its expressions.
    """
    path = f"{networks.path}.outputs"
    networks.section("outputs")  # reports another value than a dict
    declared = declared_outputs(networks.config)
    if not declared and networks.generators:
        names = ", ".join(networks.section("generators"))
        networks.builder.error(
            path, f"no generator ({names}) has the name of two domains, 'ab' or 'ba': name the translation, {EXAMPLE}"
        )
    found = {}
    for name, text in declared.items():
        try:
            found[name] = _image(name, text, language)
        except ValueError as error:
            networks.builder.error(f"{path}.{name}", str(error))
    return found


def _image(name: Any, text: Any, language: Language) -> Expression:
    """Return the expression of an output.

    Raises:
        ValueError: it is none, or translates nothing.
    """
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise ValueError(f"an output is called by its two domains, such as 'ab' or 'ab_far', not {name!r}")
    if not isinstance(text, str):
        raise ValueError(f"an output is an image expression such as 'ab(a)', not {text!r}")
    check_inputs(language, "", text)
    image = language.image(text)
    if not any(f"generators.{part}" in language.networks for part in image.functions()):
        raise ValueError(f"{text!r} has no generator, so it translates nothing")
    if not real_images(name, image, language.views):
        raise ValueError(f"{text!r} does not read {name[0]!r}, the domain that {name!r} translates by its name")
    return image


def expanded(image: Expression, named: Mapping[str, Any], inside: tuple[str, ...] = ()) -> Expression:
    """Return an image with the expressions of ``model.images`` in the place of their names.

    Raises:
        ValueError: one of them is no image expression, or is made of itself.
    """
    if image.name in named and not image.arguments and not image.keywords and image.number is None:
        if image.name in inside:
            raise ValueError(f"the image {image.name!r} is made of itself")
        return expanded(parse(str(named[image.name])), named, (*inside, image.name))
    arguments = tuple(expanded(argument, named, inside) for argument in image.arguments)
    keywords = tuple((name, expanded(value, named, inside)) for name, value in image.keywords)
    return replace(image, arguments=arguments, keywords=keywords)


def domains_of(output: str) -> tuple[str, str]:
    """Return the source and the target domain of an output by its name: ``ab_far`` translates a to b."""
    return output[0], output[1]


def domain_of(image: str) -> str:
    """Return the domain of a real image by its name, ``"a"`` of ``a`` and of ``a2``; empty for one of none."""
    return image[0] if re.fullmatch(r"[ab]\d*", image) else ""


def real_images(output: str, expression: Expression, views: Container[str]) -> list[str]:
    """Return the names of the real images that an output reads: the one that it translates, then all others.

    That is the first one of the output's source domain; without one in the expression the list is empty.

    Args:
        output: its name.
        expression: of the output.
        views: names of the model's views, which may stand in an expression without any image.
    """
    parts = [part.name for part in expression.walk() if not part.arguments and part.number is None]
    names = [name for name in dict.fromkeys(parts) if name not in views]
    source = next((name for name in names if domain_of(name) == output[0]), None)
    return [] if source is None else [source, *(name for name in names if name != source)]


def entered_by(expression: Expression, image: str, generators: Iterable[str]) -> str | None:
    """Return the name of the generator that takes a real image first, or None."""
    known = set(generators)
    parts = expression.without(lambda name: name not in known).walk()
    return next((part.name for part in parts if part.arguments and part.arguments[0] == Expression(image)), None)
