"""The text of the package's page."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

README = (
    "# Title\n\nText, see [runs](docs/runs.md#resume) and [torch](https://torch.example).\n\n![A](docs/a.png)\n\nEnd\n"
)


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "package_page", Path(__file__).parents[2] / "tools" / "package_page.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_links_and_images_lead_to_the_tag_of_the_version(tool: ModuleType) -> None:
    assert tool.page_of(README, "https://git.example/i2ikit", "1.2.0") == (
        "# Title\n\nText, see [runs](https://git.example/i2ikit/blob/v1.2.0/docs/runs.md#resume) and "
        "[torch](https://torch.example).\n\n![A](https://git.example/i2ikit/raw/v1.2.0/docs/a.png)\n\nEnd\n"
    )


def test_without_an_address_links_become_text_and_images_are_left_out(tool: ModuleType) -> None:
    assert tool.page_of(README, "", "1.2.0") == (
        "# Title\n\nText, see runs and [torch](https://torch.example).\n\nEnd\n"
    )


@pytest.fixture
def metadata_of(tool: ModuleType, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """``metadata_of(citation)`` returns the metadata of a package with this CITATION.cff."""

    def found(citation: str) -> dict[str, Any]:
        (tmp_path / "README.md").write_text("[a](b.md)")
        (tmp_path / "CITATION.cff").write_text(citation)
        metadata: dict[str, Any] = {"version": "1.2.0"}
        tool.PackagePage(str(tmp_path), {}).update(metadata)
        return metadata

    return found


@pytest.mark.parametrize(
    ("citation", "variable"),
    [
        ("version: 1.2.0\nrepository-code: 'https://git.example/i2ikit/'\n", "https://other.example/i2ikit"),
        ("# repository-code: https://...\n", "https://git.example/i2ikit"),
    ],
)
def test_the_address_is_that_of_the_citation_or_of_the_build(metadata_of, monkeypatch, citation, variable) -> None:
    monkeypatch.setenv("I2IKIT_REPOSITORY", variable)
    metadata = metadata_of(citation)
    assert metadata["readme"]["text"] == "[a](https://git.example/i2ikit/blob/v1.2.0/b.md)"
    assert metadata["urls"] == {
        "Repository": "https://git.example/i2ikit",
        "Documentation": "https://git.example/i2ikit/tree/v1.2.0/docs",
        "Issues": "https://git.example/i2ikit/issues",
        "Changelog": "https://git.example/i2ikit/blob/v1.2.0/CHANGELOG.md",
    }


def test_without_an_address_there_are_no_urls(metadata_of, monkeypatch) -> None:
    monkeypatch.delenv("I2IKIT_REPOSITORY", raising=False)
    metadata = metadata_of("# repository-code: https://...\n")
    assert (metadata["readme"]["text"], metadata["urls"]) == ("a", {})


def test_what_is_no_address_is_refused(metadata_of, monkeypatch) -> None:
    monkeypatch.setenv("I2IKIT_REPOSITORY", "git.example/i2ikit")
    with pytest.raises(ValueError, match=r"I2IKIT_REPOSITORY is 'git\.example/i2ikit': give an address such as https"):
        metadata_of("")
    with pytest.raises(ValueError, match=r"repository-code in CITATION\.cff is 'i2ikit'"):
        metadata_of("repository-code: i2ikit\n")
