"""Everything that depends on the kinds of parts follows the one list of them."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from i2ikit import registry
from i2ikit.kinds import KINDS

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
def test_a_kind_has_a_package_and_a_registry(kind):
    assert (ROOT / "i2ikit" / kind.plural / "__init__.py").is_file()
    assert getattr(registry, kind.plural.upper()) is registry.REGISTRIES[kind.plural]
    assert registry.REGISTRIES[kind.plural].kind == kind.singular


def test_no_kind_may_import_another():
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    terms_apart = " | ".join(kind.plural for kind in KINDS if kind.plural != "terms")  # terms are made of other parts
    layers = contracts["importlinter:contract:layers"]["layers"].split("\n")
    assert terms_apart in layers
    assert "terms" in layers
