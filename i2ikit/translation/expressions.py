"""Image expressions: ``"ba(ab(mirror(a)))"`` as a tree."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Expression:
    """An image: a real one (no arguments), or a function of other images.

    Attributes:
        name: of the domain, the generator or the view.
        arguments: the images it is applied to.
    """

    name: str
    arguments: tuple["Expression", ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})" if self.arguments else self.name

    def walk(self) -> Iterator["Expression"]:
        """Yield this image and all images inside it, outermost first."""
        yield self
        for argument in self.arguments:
            yield from argument.walk()

    def functions(self) -> set[str]:
        """Return the names of all generators and views in it."""
        return {part.name for part in self.walk() if part.arguments}

    def images(self) -> set[str]:
        """Return the names of all real images in it."""
        return {part.name for part in self.walk() if not part.arguments}

    def without(self, dropped: Callable[[str], bool]) -> "Expression":
        """Return the expression without the functions for which ``dropped`` is true: each becomes its first image."""
        if self.arguments and dropped(self.name):
            return self.arguments[0].without(dropped)
        return Expression(self.name, tuple(argument.without(dropped) for argument in self.arguments))


@cache
def parse(text: str) -> Expression:
    """Return the tree of an image expression.

    Raises:
        ValueError: the text is not an image expression; the message shows examples.
    """
    try:
        return _from_node(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, AttributeError) as error:
        raise ValueError(f"{text!r} is not an image expression; they look like 'a', 'ab(a)' or 'ba(ab(a))'") from error


def _from_node(node: ast.expr) -> Expression:
    if isinstance(node, ast.Name):
        return Expression(node.id)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args and not node.keywords:
        return Expression(node.func.id, tuple(_from_node(argument) for argument in node.args))
    raise ValueError("only names and calls of names")
