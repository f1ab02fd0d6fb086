"""Builds what the metadata of the package say about the repository: its addresses, and the text of the package's page.

The address is ``repository-code`` of CITATION.cff, or, while that has none, the variable I2IKIT_REPOSITORY of the
build, which gets into the CITATION.cff of the sdist. With it, ``[project.urls]`` is filled, and links and images of
README.md lead to the version's tag; without it, links become their text and images are left out. Both are hooks of
hatchling.
"""

import os
import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

VARIABLE = "I2IKIT_REPOSITORY"
CITATION = "CITATION.cff"
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)]+)\)")
LINE = re.compile(r"^(# *)?repository-code: *(.*)$", re.M)  # of CITATION.cff; commented out where there is no address


def address_of(root: str) -> str:
    """Return the public address of the repository, such as ``https://git.example/i2ikit``; empty if it has none.

    Raises:
        ValueError: it is not one.
    """
    written = LINE.search(Path(root, CITATION).read_text(encoding="utf-8"))
    in_file = written is not None and not written[1]
    found = (written[2].strip("\"' ") if in_file else os.environ.get(VARIABLE, "")).rstrip("/")
    if found and not re.fullmatch(r"https?://[^\s/]+/\S+", found):
        where = f"repository-code in {CITATION}" if in_file else VARIABLE
        raise ValueError(f"{where} is {found!r}: give an address such as https://git.example/i2ikit, or none")
    return found


def page_of(readme: str, repository: str, version: str) -> str:
    """Return the text with links that work outside of the repository.

    Args:
        readme: Markdown.
        repository: see :func:`address_of`.
        version: the one whose tag ``v{version}`` the links lead to.
    """

    def replaced(link: re.Match[str]) -> str:
        image, text, target = link.groups()
        if not repository:
            return "" if image else text
        return f"{image}[{text}]({repository}/{'raw' if image else 'blob'}/v{version}/{target})"

    return re.sub(r"\n{3,}", "\n\n", LINK.sub(replaced, readme))


class PackagePage(MetadataHookInterface):
    """Sets the fields ``readme`` and ``urls``, which pyproject.toml declares as dynamic."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add both to the metadata of the project; an sdist, which has no README.md, has them in its PKG-INFO."""
        if "readme" in metadata:
            metadata.setdefault("urls", {})
            return
        repository, version = address_of(self.root), metadata["version"]
        text = page_of(Path(self.root, "README.md").read_text(encoding="utf-8"), repository, version)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        metadata["urls"] = {}
        if repository:
            metadata["urls"] = {
                "Repository": repository,
                "Documentation": f"{repository}/tree/v{version}/docs",
                "Issues": f"{repository}/issues",
                "Changelog": f"{repository}/blob/v{version}/CHANGELOG.md",
            }


class Citation(BuildHookInterface):
    """Writes the address of the build into the CITATION.cff of an sdist, so that a wheel built from it has it too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Replace the file where the repository's own has no address."""
        repository, own = address_of(self.root), Path(self.root, CITATION)
        text = own.read_text(encoding="utf-8")
        found = LINE.sub(f"repository-code: {repository}", text)
        if repository and found != text:
            self.written = Path(self.directory, CITATION)
            self.written.parent.mkdir(parents=True, exist_ok=True)
            self.written.write_text(found, encoding="utf-8")
            build_data["force_include"][str(self.written)] = CITATION

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the file that is in the sdist now."""
        if hasattr(self, "written"):
            self.written.unlink()
