"""The recorded steps in the tests of plugins, replayed by the tool, which finds the configs through the plugin."""

import json
import shutil
from pathlib import Path

import pytest

from tests.warm import WarmPython

ROOT = Path(__file__).parents[2]
CASES = {path.parent.name: path.parent for path in ROOT.glob("plugins/*/tests/cases/*/case.json")}
OTHER = {  # options that no record has; the numbers differ, but the options are understood
    "santa": {"direction": "BtoA", "path_layers": "2,5,9,14", "gan_mode": "nonsaturating", "noise_std": 0.5},
    "lsesim": {"direction": "BtoA", "loss_mode": "l1", "use_norm": True, "gan_mode": "hinge", "augment": False},
    "unsb": {"tau": 0.1, "lambda_NCE": 2.0, "gan_mode": "nonsaturating", "nce_T": 0.1},
}

pytestmark = pytest.mark.slow


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the case of this name, with the weights that it shares with others of its plugin."""
    source = CASES[request.param]
    folder = shutil.copytree(source, tmp_path / source.name)
    for weights in source.parent.glob("init_net_*.pth"):
        shutil.copy(weights, folder)
    return folder


def replayed(folder: Path, python: WarmPython) -> tuple[int, str]:
    done = python(ROOT / "tools" / "parity.py", folder)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("case", sorted(CASES), indirect=True)
def test_every_number_of_the_published_run_is_reproduced(case: Path, python: WarmPython) -> None:
    code, printed = replayed(case, python)
    assert code == 0, printed
    assert f"{case.name}: equal" in printed


@pytest.mark.parametrize("case", sorted(OTHER), indirect=True)
def test_other_options_of_the_published_code_train_too(case: Path, python: WarmPython) -> None:
    content = json.loads((case / "case.json").read_text())
    content["options"].update(OTHER[case.name])
    (case / "case.json").write_text(json.dumps(content))
    _, printed = replayed(case, python)
    assert f"{case.name}: DIFFERENT" in printed


def test_the_cases_of_every_plugin_are_found() -> None:
    assert CASES.keys() >= {"fsesim", "lsesim", "qsattn_global", "qsattn_local_global", "santa", "unsb"}
