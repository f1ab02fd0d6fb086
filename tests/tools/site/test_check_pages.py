"""A site with a dead link, or with something from elsewhere, is refused."""

from types import SimpleNamespace

import pytest
from mkdocs.exceptions import PluginError


@pytest.fixture
def check(hook, tmp_path):
    def on_site(body: str) -> list[str]:
        (tmp_path / "index.html").write_text(body)
        (tmp_path / "other.html").write_text('<h1 id="there">Other</h1>')
        return hook("check_pages").problems(tmp_path)

    return on_site


@pytest.mark.parametrize(
    "target", ["other.html", "other.html#there", "#here", ".", "https://example.org/", "mailto:a@b.c"]
)
def test_links_that_lead_somewhere_pass(check, target):
    assert check(f'<p id="here"><a href="{target}">x</a></p>') == []


def test_each_dead_link_is_named(check):
    assert check('<a href="gone.html">x</a> <a href="other.html#gone">x</a> <img src="gone.png">') == [
        "index.html links to gone.html, which is not there",
        "index.html links to other.html#gone, where there is no such place",
        "index.html links to gone.png, which is not there",
    ]


@pytest.mark.parametrize(
    "tag",
    ['<script src="https://example.org/x"></script>', '<link href="//example.org/x">', '<img src="http://a.b/x">'],
)
def test_what_would_be_loaded_from_elsewhere_is_named(check, tag):
    assert len(check(tag)) == 1
    assert "index.html loads" in check(tag)[0]


def test_styles_load_nothing_from_elsewhere(check, tmp_path):
    (tmp_path / "site.css").write_text("@import 'x.css'; a { background: url(https://example.org/x.png) }")
    assert check("") == ["site.css has @import", "site.css has url(http"]


def test_the_build_stops_with_the_list(hook, tmp_path):
    (tmp_path / "index.html").write_text('<a href="gone.html">x</a>')
    with pytest.raises(
        PluginError, match=r"the site has problems:\nindex\.html links to gone\.html, which is not there"
    ):
        hook("check_pages").on_post_build(SimpleNamespace(site_dir=str(tmp_path)))
