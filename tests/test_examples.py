"""Every part has an example in its docstring, and every example is true."""

import doctest
from typing import Any

import pytest
import torch

from i2ikit.registry import REGISTRIES
from tests.core_parts import core_parts

PARTS = [
    (f"{kind}.{name}", part) for kind, registry in REGISTRIES.items() for name, part in core_parts(registry).items()
]


@pytest.mark.parametrize(("name", "part"), PARTS, ids=[name for name, _ in PARTS])
def test_the_example_of_each_part_runs(name: str, part: type[Any]) -> None:
    globs = {"torch": torch, part.__name__: part}
    examples = doctest.DocTestParser().get_doctest(part.__doc__ or "", globs, name, None, 0)
    assert examples.examples, f"the docstring of {name} has no example: add two to four lines that begin with >>>"
    output: list[str] = []
    torch.manual_seed(0)
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(examples, out=output.append)
    assert result.failed == 0, "".join(output)
