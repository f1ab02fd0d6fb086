"""Formulas of the site: LaTeX between dollars becomes MathML, which browsers show without a script.

A hook of mkdocs: `mkdocs.yml` names this file.
"""

import html
import re

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def with_formulas(page: str) -> str:
    """Return a page of HTML with MathML in place of the formulas that the extension arithmatex has marked."""

    def formula(match: re.Match[str]) -> str:
        display = "block" if match[2] == "[" else "inline"
        return convert(html.unescape(match[3]).strip(), display=display)

    return FORMULA.sub(formula, page)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Convert the formulas of a page."""
    return with_formulas(html)
