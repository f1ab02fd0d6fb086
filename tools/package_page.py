"""Builds the text of the package's page from README.md, whose links are relative to the repository.

A hook of hatchling. With the address of the repository in ``[project.urls]`` as ``Repository``, links and images get
absolute addresses of the version's tag; without it, links become their text and images are left out.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)]+)\)")


def page_of(readme: str, repository: str, version: str) -> str:
    """Return the text with links that work outside of the repository.

    Args:
        readme: Markdown.
        repository: its public address, such as ``https://git.example/i2ikit``; empty if it has none.
        version: the one whose tag ``v{version}`` the links lead to.
    """

    def replaced(link: re.Match[str]) -> str:
        image, text, target = link.groups()
        if not repository:
            return "" if image else text
        return f"{image}[{text}]({repository}/{'raw' if image else 'blob'}/v{version}/{target})"

    return re.sub(r"\n{3,}", "\n\n", LINK.sub(replaced, readme))


class PackagePage(MetadataHookInterface):
    """Sets the field ``readme``, which pyproject.toml declares as dynamic."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the text to the metadata of the project."""
        repository = metadata.get("urls", {}).get("Repository", "").rstrip("/")
        readme = Path(self.root, "README.md").read_text(encoding="utf-8")
        text = page_of(readme, repository, metadata["version"])
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
