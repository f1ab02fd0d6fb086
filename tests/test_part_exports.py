import importlib
import subprocess
import sys

import pytest

from i2ikit.registry import REGISTRIES
from tests.core_parts import core_parts


@pytest.mark.parametrize("kind", REGISTRIES)
def test_every_part_can_be_imported_from_the_package_of_its_kind(kind: str) -> None:
    package, registry = importlib.import_module(f"i2ikit.{kind}"), REGISTRIES[kind]
    core = core_parts(registry)
    assert set(core) <= set(dir(package))
    for name, part in core.items():
        assert getattr(package, name) is part


def test_a_part_is_imported_without_anything_else_before() -> None:
    code = "from i2ikit.losses import PatchNCELoss; from i2ikit.samplers import RandomSampler, random; print(random)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_an_unknown_part_is_refused_with_the_nearest_name() -> None:
    import i2ikit.losses

    with pytest.raises(AttributeError, match=r"i2ikit\.losses has no loss 'PatchNSELoss'\. Nearest: 'PatchNCELoss'"):
        i2ikit.losses.PatchNSELoss  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'PatchNSELoss'"):
        from i2ikit.losses import PatchNSELoss  # noqa: F401
