import ctypes
from types import SimpleNamespace

import pytest

from i2ikit.inference.freed_memory import freed_memory_kept


def test_freed_memory_is_kept_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[object, ...]] = []
    library = SimpleNamespace(mallopt=lambda *given: calls.append(given), malloc_trim=lambda _: calls.append(("trim",)))
    monkeypatch.setattr(ctypes, "pythonapi", library)
    with freed_memory_kept():
        assert calls == [(-3, 2**30), (-2, 2**28), (-1, 2**30)]
    assert calls[3:] == [(-3, 2**25), (-2, 2**17), (-1, 2**26), ("trim",)]


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "pythonapi", SimpleNamespace())
    with freed_memory_kept():
        pass
