"""Runs of the engine train the tiny parts."""

import pytest


@pytest.fixture(autouse=True)
def _tiny_parts(tiny_parts: None) -> None:
    """Registers them for every test below."""
