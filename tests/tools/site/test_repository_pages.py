"""Files of the repository that pages link to become pages of the site."""

import json

import pytest
from mkdocs.config import load_config
from mkdocs.structure.files import get_files

PAGE = "See [the plugin](../plugins/one/README.md#use), [its config](../plugins/one/c.py), [home](../README.md)."


@pytest.fixture
def pages(hook):
    return hook("repository_pages")


@pytest.fixture
def root(tmp_path):
    for name, text in {
        "README.md": "# Home\n\n[start](docs/start.md), [plugins](plugins), [notes](docs/notes.ipynb)",
        "docs/start.md": PAGE,
        "docs/notes.ipynb": json.dumps(
            {"cells": [{"cell_type": "markdown", "source": ["# Notes"]}, {"cell_type": "code", "source": ["1 + 1"]}]}
        ),
        "plugins/one/README.md": "# one\n\nOne [loss](../../README.md) of [a paper](https://a.org).\n\n[start](../../docs/start.md)",
        "plugins/one/c.py": '"""A config."""\n',
        "mkdocs.yml": "site_name: test\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_links_out_of_docs_lead_to_pages_of_the_site(pages, root):
    text = pages.rewritten(PAGE, "docs/start.md", root)
    assert "[the plugin](repository/plugins/one/README.md#use)" in text
    assert "[its config](repository/plugins/one/c.py.md)" in text
    assert "[home](index.md)" in text


def test_links_of_a_page_that_moved_still_lead_where_they_did(pages, root):
    text = pages.rewritten("[start](../../docs/start.md)", "plugins/one/README.md", root)
    assert text == "[start](../../../start.md)"


def test_a_link_that_shows_the_name_of_a_page_gets_its_title(pages, root):
    (root / "docs/runs.md").write_text("# Runs: resume, checkpoints\n")
    assert pages.rewritten("See [runs.md](runs.md#x).", "docs/start.md", root) == "See [Runs](runs.md#x)."
    assert pages.rewritten("See [c.py](../plugins/one/c.py).", "docs/start.md", root).startswith("See [c.py](")
    assert pages.rewritten("[plugins](plugins)", "README.md", root) == "[plugins](repository/plugins/README.md)"


@pytest.mark.parametrize("link", ["[x](missing.md)", "[x](https://example.org/a.md)", "[x](#place)"])
def test_other_links_stay(pages, root, link):
    assert pages.rewritten(link, "docs/start.md", root) == link


def test_everything_that_is_linked_is_added_in_turn(pages, root):
    config = load_config(str(root / "mkdocs.yml"))
    config.plugins._current_plugin = "test"  # mkdocs sets it around each call of a hook
    files = pages.on_files(get_files(config), config)
    added = {file.src_uri: file.content_string for file in files.documentation_pages()}
    assert set(added) == {
        "index.md",
        "start.md",
        "notes.md",
        "repository/plugins/README.md",
        "repository/plugins/one/README.md",
        "repository/plugins/one/c.py.md",
    }
    assert "- [one](one/README.md): One loss of a paper." in added["repository/plugins/README.md"]
    assert '````python\n"""A config."""\n````' in added["repository/plugins/one/c.py.md"]
    assert "```python\n1 + 1\n```" in added["notes.md"]
