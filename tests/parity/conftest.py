import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

CASES = Path(__file__).parent / "cases"
TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="session")
def parity() -> ModuleType:
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module("parity")
    finally:
        sys.path.remove(str(TOOLS))


@pytest.fixture
def case(parity: ModuleType) -> Callable[[str], object]:
    return lambda name: parity.Case.read(CASES / name)
