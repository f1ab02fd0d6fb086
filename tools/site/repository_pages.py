"""Pages of the site that are not in docs/: the README, and every file of the repository that a page links to.

A link such as ``../plugins/i2ikit-santa/README.md`` works where the repository is browsed. For the site, the file that
it leads to becomes a page, and the link leads to that page. A hook of mkdocs: `mkdocs.yml` names this file.
"""

import ast
import json
import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")
ANY_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
HOME = "README.md"
ORIGINS: dict[str, str] = {}  # of each page: the path in the repository that its links are relative to
LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml", ".yaml": "yaml"}


def linked(text: str, origin: str) -> list[str]:
    """Return the paths in the repository that a page at ``origin`` links to."""
    return [_resolve(match[2], origin) for match in LINK.finditer(text)]


def place(path: str, root: Path) -> str:
    """Return where the site has a path of the repository: a source path of mkdocs."""
    if path == HOME:
        return "index.md"
    target = root / path
    if target.is_dir():
        path = str(PurePosixPath(path, HOME))
    if path.startswith("docs/"):
        inside = path.removeprefix("docs/")
        return f"{inside.removesuffix('.ipynb')}.md" if path.endswith(".ipynb") else inside
    return f"repository/{path}" if path.endswith(".md") else f"repository/{path}.md"


def rewritten(text: str, origin: str, root: Path) -> str:
    """Return a page of the repository with its links as the site has them; links to nothing stay.

    A link whose text is the name of a page, ``[metrics.md](metrics.md#weights)``, gets the title of that page.
    """

    def relink(match: re.Match[str]) -> str:
        target = _resolve(match[2], origin)
        if not (root / target).exists():
            return match[0]
        start = str(PurePosixPath(place(origin, root)).parent)
        named = target.endswith(".md") and match[1] == PurePosixPath(target).name
        text = _title(root / target) if named else match[1]
        return f"[{text}]({relpath(place(target, root), start)}{match[3] or ''})"

    return LINK.sub(relink, text)


def content(path: str, root: Path) -> str:
    """Return the page that shows a path of the repository: Markdown as it is, a notebook, a folder, or source."""
    target = root / path
    if target.is_dir():
        readme = target / HOME
        return readme.read_text(encoding="utf-8") if readme.is_file() else _folder(target, path)
    text = target.read_text(encoding="utf-8")
    if target.suffix == ".md":
        return text
    if target.suffix == ".ipynb":
        return _notebook(text, target.name)
    return f"# {path}\n\n````{LANGUAGES.get(target.suffix, 'text')}\n{text}````\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the README and all that is linked from it and from docs/, until nothing new is found."""
    root = Path(config.config_file_path).parent
    ORIGINS.clear()
    ORIGINS.update({file.src_uri: f"docs/{file.src_uri}" for file in files.documentation_pages()})
    pending = [HOME]
    for file in files.documentation_pages():
        pending += linked(file.content_string, ORIGINS[file.src_uri])
    while pending:
        path = pending.pop()
        uri = place(path, root)
        outside = not path.startswith("docs/") or path.endswith(".ipynb")
        if outside and uri not in ORIGINS and (root / path).exists():
            text = content(path, root)
            files.append(File.generated(config, uri, content=text))
            ORIGINS[uri] = f"{path}/{HOME}" if (root / path).is_dir() else path
            pending += linked(text, ORIGINS[uri])
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links to files of the repository lead to their pages."""
    root = Path(config.config_file_path).parent
    return rewritten(markdown, ORIGINS[page.file.src_uri], root) if page.file.src_uri in ORIGINS else markdown


def _resolve(target: str, origin: str) -> str:
    return normpath(str(PurePosixPath(origin).parent / target))


def _title(page: Path) -> str:
    """Return the heading of a page, as far as a colon."""
    heading = re.search(r"^# ([^:\n]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return heading[1] if heading else page.name


def _folder(folder: Path, path: str) -> str:
    lines = [f"# {path}", ""]
    for entry in sorted(folder.iterdir()):
        if not entry.name.startswith((".", "__")) and (entry.suffix == ".py" or (entry / HOME).is_file()):
            lines.append(f"- [{entry.name}]({entry.name}{'' if entry.suffix else '/' + HOME}){_summary(entry)}")
    return "\n".join([*lines, ""])


def _summary(entry: Path) -> str:
    if entry.is_dir():
        paragraphs = (entry / HOME).read_text(encoding="utf-8").split("\n\n")
        first = ANY_LINK.sub(r"\1", paragraphs[1]) if len(paragraphs) > 1 else ""
    else:
        source = entry.read_text(encoding="utf-8")
        comment = re.match(r"#\s*(.*)", source)
        first = comment[1] if comment else (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0]
    return f": {' '.join(first.split())}" if first else ""


def _notebook(text: str, name: str) -> str:
    parts = []
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
    title, *rest = parts
    return "\n\n".join([title, f"The notebook itself: `docs/examples/{name}`.", *rest, ""])
