"""The built site is complete in itself: every link in it leads somewhere, and no page loads anything from elsewhere.

mkdocs checks the links in Markdown; this checks what has become of them. A hook of mkdocs: `mkdocs.yml` names it.
"""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

LOADING = {("img", "src"), ("script", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("video", "src")}
IN_STYLES = ("@import", "url(http", "url(//", "url('http", 'url("http')


class Links(HTMLParser):
    """What one page links to, what it loads, and which places in it can be linked to.

    Attributes:
        targets: of all links, as they are written.
        loaded: the targets that a browser fetches by itself.
        places: the ids of the page.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.loaded: list[str] = []
        self.places: set[str] = {""}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links and the id of a tag."""
        for name, value in attrs:
            if name == "id" and value:
                self.places.add(value)
            if name in ("href", "src") and value:
                self.targets.append(value)
                if (tag, name) in LOADING:
                    self.loaded.append(value)


def problems(site: Path) -> list[str]:
    """Return what is wrong with a built site, a line each."""
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, links in pages.items():
        name = path.relative_to(site).as_posix()
        found += [f"{name} loads {target}" for target in links.loaded if urlsplit(target).netloc]
        for target in dict.fromkeys(links.targets):
            parts = urlsplit(target)
            if path.name == "404.html" or parts.scheme or parts.netloc:
                continue  # that page is served at any depth, so its links are those of the site's root
            file, place = urldefrag(target)
            leads_to = (path.parent / unquote(urlsplit(file).path)).resolve() if file else path
            leads_to = leads_to / "index.html" if leads_to.is_dir() else leads_to
            if not leads_to.is_file():
                found.append(f"{name} links to {target}, which is not there")
            elif leads_to in pages and unquote(place) not in pages[leads_to].places:
                found.append(f"{name} links to {target}, where there is no such place")
    for style in sorted(site.rglob("*.css")):
        text = style.read_text(encoding="utf-8")
        found += [f"{style.relative_to(site).as_posix()} has {each}" for each in IN_STYLES if each in text]
    return found


def on_post_build(config: MkDocsConfig) -> None:
    """Stop the build where the site has problems."""
    found = problems(Path(config.site_dir).resolve())
    if found:
        raise PluginError("\n".join(["the site has problems:", *found]))
