"""What the sdist and the wheel contain, and what their metadata says."""

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
import yaml

from i2ikit.version import __version__

ROOT = Path(__file__).parents[1]
DEVELOPERS = {"all", "dev", "docs"}


def build(folder: Path, out: Path, target: str) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(out)],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    (found,) = out.iterdir()
    return found


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked sdist."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build(ROOT, folder / "dist", "sdist")) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"i2ikit-{__version__}"


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel that the sdist builds."""
    with zipfile.ZipFile(build(sdist, tmp_path_factory.mktemp("wheel"), "wheel")) as archive:
        yield archive


def metadata(wheel: zipfile.ZipFile) -> Message:
    return message_from_bytes(wheel.read(f"i2ikit-{__version__}.dist-info/METADATA"))


def files(folder: Path, prefix: str) -> set[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {f"{prefix}/{path.as_posix()}" for path in paths if "__pycache__" not in path.parts}


def test_the_wheel_has_every_file_of_the_package_the_configs_and_the_license_and_nothing_else(
    wheel: zipfile.ZipFile,
) -> None:
    about = {f"i2ikit-{__version__}.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    license = {f"i2ikit-{__version__}.dist-info/licenses/LICENSE"}
    expected = files(ROOT / "i2ikit", "i2ikit") | files(ROOT / "configs", "i2ikit/packaged_configs")
    assert set(wheel.namelist()) == expected | about | license
    assert {"i2ikit/py.typed", "i2ikit/packaged_configs/_base_/run.py"} <= expected


def test_the_sdist_has_what_builds_the_wheel_and_no_tests(sdist: Path) -> None:
    assert not (sdist / "tests").exists()
    assert sum(path.stat().st_size for path in sdist.rglob("*") if path.is_file()) < 5 * 2**20


def test_every_extra_of_users_is_in_all(wheel: zipfile.ZipFile) -> None:
    required: dict[str, set[str]] = {}
    for line in metadata(wheel).get_all("Requires-Dist", []):
        found = re.fullmatch(r"(.*?); extra == '(.*)'", line)
        if found:
            required.setdefault(found[2], set()).add(found[1])
    assert {"benchmark", "demo", "export", "hub", "large", "metrics", "ray", "tensorboard", "tiff", "video"} <= set(
        required
    )
    assert {name: each - required["all"] for name, each in required.items() if name not in DEVELOPERS} == {
        name: set() for name in required if name not in DEVELOPERS
    }


def test_the_page_of_the_package_has_no_link_into_the_repository(wheel: zipfile.ZipFile) -> None:
    page = str(metadata(wheel).get_payload())
    assert page.startswith("# i2ikit\n")
    assert re.findall(r"\]\((?!https?:|#).*?\)", page) == []


def test_the_citation_names_the_version_and_the_license(wheel: zipfile.ZipFile) -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    about = metadata(wheel)
    assert (citation["version"], citation["license"]) == (about["Version"], about["License-Expression"])
    urls = dict(line.split(", ") for line in about.get_all("Project-URL", []))
    assert citation.get("repository-code") == urls.get("Repository")
