"""Reading a file runs no code: every call of torch.load is weights_only."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("i2ikit", "plugins", "tools") for path in (ROOT / folder).rglob("*.py"))
OWN_BYTES = {  # what the same process, or a child of it, has made a moment ago
    ("i2ikit/inference/export/graphs.py", "torch.jit.load"),
    ("tools/fuzz_checkpoint.py", "pickle.loads"),
}
OF_MMENGINE = {"load_checkpoint", "_load_checkpoint", "load_from_local", "load_state_dict_from_url"}


@cache
def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]


def reads_safely(call: ast.Call) -> bool:
    return any(word.arg == "weights_only" and getattr(word.value, "value", None) is True for word in call.keywords)


def test_every_torch_load_is_of_weights_only():
    found = {
        f"{path.relative_to(ROOT)}:{call.lineno}": reads_safely(call)
        for path in SOURCES
        for call in calls(path)
        if ast.unparse(call.func) in ("torch.load", "load", "pickle.load", "pickle.loads", "torch.jit.load")
        if (path.relative_to(ROOT).as_posix(), ast.unparse(call.func)) not in OWN_BYTES
    }
    assert sum(name.startswith("i2ikit/tensor_files.py") for name in found) == 1  # the search finds what is there
    assert [call for call, safe in found.items() if not safe] == []


@pytest.mark.parametrize("name", ["weights_only=False", "weights_only=None", "weights_only"])
def test_the_search_sees_a_call_that_is_not_safe(name):
    text = f"torch.load(path, {name})" if "=" in name else f"torch.load(path, **dict({name}=True))"
    call = ast.parse(text).body[0].value  # type: ignore[attr-defined]
    assert not reads_safely(call)


def test_no_reader_of_mmengine_is_called():
    called = {
        (path.relative_to(ROOT).as_posix(), ast.unparse(call.func))
        for path in SOURCES
        for call in calls(path)
        if ast.unparse(call.func).rpartition(".")[2] in OF_MMENGINE
    }
    assert called == set()
