"""mmengine and its fork are imported in one place."""

import re
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

from i2ikit import from_mmengine

ROOT = Path(__file__).parents[1]
IMPORT = re.compile(r"^\s*(from|import) mmengine|import_module\(.mmengine", re.M)


def test_no_other_module_imports_mmengine():
    found = [path.name for path in (ROOT / "i2ikit").rglob("*.py") if IMPORT.search(path.read_text())]
    assert found == ["from_mmengine.py"]


def test_every_name_can_be_imported():
    names = vars(from_mmengine)["_MODULES"]
    assert all(getattr(from_mmengine, name).__name__ for name in names if not name.isupper())


@pytest.mark.parametrize(
    ("priority", "number"), [("NORMAL", 50), ("lowest", 100), (0, 0), (SimpleNamespace(value=10), 10)]
)
def test_priorities_are_names_and_numbers(priority, number):
    assert from_mmengine.priority_of(priority) == number


@pytest.mark.parametrize("priority", ["SOON", 101, True, None])
def test_another_priority_is_refused(priority):
    with pytest.raises(ValueError, match=r"integer in 0..100 or one of HIGHEST, .*, not "):
        from_mmengine.priority_of(priority)


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        ({"mmengine": "0.10.7"}, "0.10.7"),
        ({"onedl-mmengine": "0.10.12"}, "onedl-mmengine 0.10.12"),
        ({}, "unknown"),
        (
            {"mmengine": "0.10.7", "onedl-mmengine": "0.10.12"},
            "mmengine 0.10.7 and onedl-mmengine 0.10.12: uninstall all, then install one",
        ),
    ],
)
def test_the_installed_distribution_is_named(monkeypatch, versions, text):
    def version(name):
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(from_mmengine, "version", version)
    assert from_mmengine.installed() == text
