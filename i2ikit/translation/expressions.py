"""Image expressions: ``"ba(ab(mirror(a)))"`` as a tree."""

import ast
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

EXAMPLES = "they look like 'a', 'ab(a)' or 'ba(ab(a))'"
DEEPEST, LARGEST = 100, 10_000  # calls inside each other, and parts, of one image: more is a mistake and takes minutes
SHOWN = 80  # characters of an expression in a message


def shown(text: str) -> str:
    """Return an expression as messages quote it; a long one is cut."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


@dataclass(frozen=True)
class Expression:
    """An image: a real one, a random one without arguments, or a function of images and numbers; or a number.

    Attributes:
        name: of the real image, the generator or the view; of a number its text.
        arguments: what it is applied to.
        tap: what is read of a generator's pass; ``"out"`` is its image, ``"ab(a).mask"`` another tap.
        keywords: arguments by name, ``dec(x, d=1)``; a model's language brings them into their position.
        number: the value of a number, else None.
    """

    name: str
    arguments: tuple["Expression", ...] = ()
    tap: str = "out"
    keywords: tuple[tuple[str, "Expression"], ...] = ()
    number: float | None = None

    def __str__(self) -> str:
        given = [*map(str, self.arguments), *(f"{name}={value}" for name, value in self.keywords)]
        text = f"{self.name}({', '.join(given)})" if given else self.name
        return text if self.tap == "out" else f"{text}.{self.tap}"

    def walk(self) -> Iterator["Expression"]:
        """Yield this image and everything inside it, outermost first."""
        yield self
        for argument in (*self.arguments, *(value for _, value in self.keywords)):
            yield from argument.walk()

    def check_size(self) -> None:
        """Check that it is neither nested too deeply nor too large to be computed.

        Raises:
            ValueError: more than ``DEEPEST`` calls stand inside each other, or it has more than ``LARGEST`` parts.
        """
        level, depth, parts = [self], 0, 0
        while level and depth <= DEEPEST and parts <= LARGEST:
            level = [inner for part in level for inner in (*part.arguments, *(value for _, value in part.keywords))]
            depth, parts = depth + 1, parts + len(level)
        if level:
            what = f"more than {DEEPEST} calls inside each other" if depth > DEEPEST else f"over {LARGEST:,} parts"
            raise ValueError(f"the image has {what}; write it with fewer calls")

    def spine(self) -> Iterator["Expression"]:
        """Yield this image, its first argument, the first argument of that, and so on: what its geometry comes from."""
        yield self
        if self.arguments:
            yield from self.arguments[0].spine()

    def functions(self) -> set[str]:
        """Return the names of all generators and views in it that have arguments."""
        return {part.name for part in self.walk() if part.arguments}

    def images(self) -> set[str]:
        """Return the names of all images without arguments in it: real ones, and random ones."""
        return {part.name for part in self.walk() if not part.arguments and part.number is None}

    def without(self, dropped: Callable[[str], bool]) -> "Expression":
        """Return the expression without the functions for which ``dropped`` is true: each becomes its first image.

        A random image without arguments, ``z`` or ``z(3)``, stays.
        """
        if self.arguments and self.arguments[0].number is None and dropped(self.name):
            return self.arguments[0].without(dropped)
        arguments = tuple(argument.without(dropped) for argument in self.arguments)
        keywords = tuple((name, value.without(dropped)) for name, value in self.keywords)
        return Expression(self.name, arguments, self.tap, keywords, self.number)

    def renamed(self, new: Callable[[str], str]) -> "Expression":
        """Return the expression with other names of its functions."""
        arguments = tuple(argument.renamed(new) for argument in self.arguments)
        keywords = tuple((name, value.renamed(new)) for name, value in self.keywords)
        return replace(self, name=new(self.name) if arguments else self.name, arguments=arguments, keywords=keywords)


def number(value: float) -> Expression:
    """Return a number as an expression; whole numbers have no decimal point, so 1 and 1.0 are one expression."""
    value = float(value)
    return Expression(str(int(value)) if value == int(value) else repr(value), number=value)


@cache
def parse(text: str) -> Expression:
    """Return the tree of an image expression.

    Raises:
        ValueError: the text is not an image expression; the message shows examples.
    """
    try:
        image = _from_node(ast.parse(text.strip(), mode="eval").body)
        if image.number is not None:
            raise ValueError("a number is no image")
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise ValueError(f"{shown(text)} is not an image expression; {EXAMPLES}") from error
    return image


@cache
def parse_inputs(text: str) -> Expression:
    """Return the inputs of a network, ``"ab(a), t"`` or ``"x, d=1"``, as the arguments and keywords of a function.

    Raises:
        ValueError: the text is not a list of image expressions.
    """
    try:
        found = _from_node(ast.parse(f"inputs({text.strip()})", mode="eval").body)
        if found.name != "inputs" or found.tap != "out" or not found.arguments or found.arguments[0].number is not None:
            raise ValueError("no image comes first")
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise ValueError(f"{shown(text)} is not an image expression; {EXAMPLES}") from error
    return found


def _from_node(node: ast.expr) -> Expression:
    match node:
        case ast.Name():
            return Expression(node.id)
        case ast.Call(func=ast.Name(id=name)) if node.args or node.keywords:
            keywords = tuple((str(each.arg), _from_node(each.value)) for each in node.keywords if each.arg)
            if len(keywords) == len(node.keywords):  # no **
                return Expression(name, tuple(map(_from_node, node.args)), keywords=keywords)
        case ast.Attribute(value=ast.Call(), attr=tap):
            called = _from_node(node.value)
            return Expression(called.name, called.arguments, tap, called.keywords)
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as value) if math.isfinite(value):
            return number(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as operand):
            return number(-(_from_node(operand).number or 0.0))
    raise ValueError("only names, numbers and calls of names")
