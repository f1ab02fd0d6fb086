"""What the sdist and the wheel contain, and what their metadata says."""

import json
import os
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
ADDRESS = "https://git.example/i2ikit"


def hatchling(folder: Path, *arguments: str, address: str = "") -> str:
    """Run a command of hatchling; ``address``: of the repository."""
    environment = {**os.environ, "I2IKIT_REPOSITORY": address}
    command = [sys.executable, "-m", "hatchling", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


def build(folder: Path, out: Path, target: str, address: str = "") -> Path:
    hatchling(folder, "build", "--target", target, "--directory", str(out), address=address)
    (found,) = out.iterdir()
    return found


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked sdist of a build that knows the address of the repository."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build(ROOT, folder / "dist", "sdist", ADDRESS)) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"i2ikit-{__version__}"


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel that the sdist builds, elsewhere and without the variable."""
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


def links(page: str) -> list[str]:
    """Return the targets of the links that do not begin with the protocol."""
    return re.findall(r"\]\((?!https?:|#)(.*?)\)", page)


def test_the_address_that_an_sdist_was_built_with_is_in_its_citation_and_in_the_metadata_of_its_wheel(
    sdist: Path, wheel: zipfile.ZipFile
) -> None:
    about = metadata(wheel)
    citation = yaml.safe_load((sdist / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation == {**yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8")), "repository-code": ADDRESS}
    assert (citation["version"], citation["license"]) == (about["Version"], about["License-Expression"])
    urls = dict(line.split(", ") for line in about.get_all("Project-URL", []))
    assert urls["Repository"] == ADDRESS
    assert set(urls) == {"Repository", "Documentation", "Issues", "Changelog"}
    page = str(about.get_payload())
    assert page.startswith("# i2ikit\n")
    assert f"]({ADDRESS}/blob/v{__version__}/docs/" in page
    assert links(page) == []


def test_without_an_address_the_page_of_the_package_has_no_link_into_the_repository(tmp_path: Path) -> None:
    with tarfile.open(build(ROOT, tmp_path / "dist", "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    for folder in (ROOT, tmp_path / f"i2ikit-{__version__}"):
        about = json.loads(hatchling(folder, "metadata"))
        assert about["readme"]["text"].startswith("# i2ikit\n")
        assert links(about["readme"]["text"]) == []
        assert "urls" not in about


def test_dockerfile_and_environment_name_what_the_package_has() -> None:
    about = json.loads(hatchling(ROOT, "metadata"))
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    bounds = [each for each in about["dependencies"] if re.match("torch(vision)?>", each)]
    assert [each.replace("torch>", "pytorch>") for each in bounds] == conda[2:]
    (python,) = (each.removeprefix("python=") for each in conda if each.startswith("python="))
    assert f"Programming Language :: Python :: {python}" in about["classifiers"]
    (package,) = pip["pip"]
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for extras in (package.removeprefix(".[").rstrip("]"), *re.findall(r'^ARG EXTRAS="(.*)"$', dockerfile, re.M)):
        assert set(extras.split(",")) <= set(about["optional-dependencies"])
    assert f"ARG BASE=python:{python}-slim\n" in dockerfile
