"""docs/plugins.md documents the hooks as they are."""

import inspect
import re
from collections.abc import Sequence
from pathlib import Path

from i2ikit.plugin import hooks

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"


def specified() -> dict[str, str]:
    found = {name: value for name, value in vars(hooks).items() if name.startswith("i2ikit_")}
    return {name: str(inspect.signature(value)) for name, value in found.items()}


def test_the_page_has_every_hook_with_its_exact_signature():
    block = next(
        text
        for text in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        if text.startswith("def i2ikit_components")
    )
    names: dict[str, object] = {"Sequence": Sequence, "Path": Path}
    exec(block, names)
    stated = {name: str(inspect.signature(value)) for name, value in names.items() if name.startswith("i2ikit_")}
    assert stated == specified()
    assert set(stated) == {"i2ikit_components", "i2ikit_configs", "i2ikit_commands"}


def test_every_hook_has_a_docstring():
    assert all(getattr(hooks, name).__doc__ for name in specified())
