"""The measurement runs both ways on the same photos."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from i2ikit.generators.resnet import ResNetGenerator

TOOL = Path(__file__).parents[2] / "tools" / "bench_translate.py"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_translate_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_ways_translate_all_photos_and_agree(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = ResNetGenerator(filters=4, blocks=1, init="normal").eval()
    parts = tool.make(tmp_path, 3, 16, 2)
    ways = {"plain loop": lambda a, b: tool.plain(generator, a, b), "fp32": tool.folder_of(generator, "fp32", None, 1)}
    seconds = tool.measure(ways, parts, tmp_path)
    assert {way: len(each) for way, each in seconds.items()} == {"plain loop": 2, "fp32": 2}
    for way in ways:
        assert len([*(tmp_path / way).rglob("*.jpg")]) == 3
    assert tool.difference(generator, "fp32", parts[0]) < 0.01
    tool.show(seconds, 3)
    assert "1.00 times the plain loop" in capsys.readouterr().out
