"""The text of the package's page."""

import importlib.util
from pathlib import Path
from types import ModuleType

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


def test_the_address_is_that_of_the_metadata(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("[a](b.md)")
    metadata = {"version": "1.2.0", "urls": {"Repository": "https://git.example/i2ikit/"}}
    tool.PackagePage(str(tmp_path), {}).update(metadata)
    assert metadata["readme"] == {
        "content-type": "text/markdown",
        "text": "[a](https://git.example/i2ikit/blob/v1.2.0/b.md)",
    }
