"""OpenCV is loaded at its first use, and training does not need it."""

import importlib
import sys
from pathlib import Path

import pytest

from i2ikit.errors import DataError
from i2ikit.opencv import imported_later, opencv


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a module that is imported as OpenCV."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "cv2", None)  # restored in the end
    monkeypatch.delitem(sys.modules, "cv2")
    importlib.invalidate_caches()
    return tmp_path / "cv2.py"


def test_imports_inside_take_effect_at_the_first_use(fake: Path) -> None:
    fake.write_text("print('loaded')\nINTER_AREA = 3\n")
    with imported_later():
        import cv2
    assert "cv2" not in sys.modules
    assert not hasattr(cv2, "__warningregistry__")
    assert "cv2" not in sys.modules
    assert cv2.INTER_AREA == 3
    assert sys.modules["cv2"].__file__ == str(fake)
    with imported_later():
        assert sys.modules["cv2"].__file__ == str(fake)


def test_a_use_while_modules_are_imported_loads_it(fake: Path) -> None:
    fake.write_text("INTER_AREA = 3\n")
    with imported_later():
        import cv2

        assert cv2.INTER_AREA == 3
        assert sys.modules["cv2"].__file__ == str(fake)
    assert sys.modules["cv2"].__file__ == str(fake)


def test_a_missing_library_of_the_system_is_named_with_the_way_out(fake: Path) -> None:
    fake.write_text("raise ImportError('libGL.so.1: cannot open shared object file')\n")
    with imported_later():
        import cv2
    expected = (
        "needs OpenCV, which cannot start here (libGL.so.1: cannot open shared object file): "
        "pip uninstall opencv-python, then pip install --force-reinstall opencv-python-headless"
    )
    with pytest.raises(DataError) as caught:
        opencv("--smooth")
    assert str(caught.value) == f"--smooth {expected}"
    with pytest.raises(DataError) as caught:
        _ = cv2.INTER_AREA
    assert str(caught.value) == f"a part of mmengine {expected}"
