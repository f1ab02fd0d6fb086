"""OpenCV is loaded at its first use, and training does not need it."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from i2ikit.errors import DataError
from i2ikit.opencv import imported_later, opencv

WITHOUT_LIBGL = """
import sys
try:
    import cv2
except ImportError as error:
    print(error)
else:
    print("OpenCV needs no libGL")
for name in [name for name in sys.modules if name.partition(".")[0] == "cv2"]:
    del sys.modules[name]
from i2ikit.cli.app import app
app(sys.argv[1:])
"""


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


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="hides a library from the loader of Linux")
def test_a_container_without_libgl_trains(tmp_path: Path) -> None:
    (tmp_path / "libGL.so.1").touch()  # found first, and refused
    train = ["train", "cut/stripes", "--max-steps", "1", "--work-dir", str(tmp_path / "run")]
    small = ["data.crop_size=32", "data.load_size=32", "metrics={}", "evaluation.metric=none"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBGL, *train, *(part for each in small for part in ("--set", each))],
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "libGL.so.1: file too short" in done.stdout or "OpenCV needs no libGL" in done.stdout
    assert (tmp_path / "run" / "index.html").exists()
