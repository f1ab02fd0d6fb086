"""Where the images of a domain are: a folder, or a file that lists them."""

import csv
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from i2ikit.errors import DataError, nearest_hint
from i2ikit.images import FileList, format_extensions, list_images

PATH = "path"
LISTS = (".txt", ".csv", ".jsonl")
Row = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Source:
    """The images of a domain.

    Attributes:
        place: the folder or the list that names them.
        files: their paths.
        attributes: by name, one value for each file.
    """

    place: Path
    files: FileList
    attributes: dict[str, list[Any]] = field(default_factory=dict)


def read_source(place: Path) -> Source:
    """Return the images of a folder with all folders below it, or those that a list names.

    A list is a text file (.txt) with a path on each line (``#`` begins a comment); a table (.csv) whose first row has
    names of columns, one of them ``path``; or lines of JSON (.jsonl), objects with a ``path``. All other columns and
    keys are attributes, those of a table as text. Paths are relative to the folder of the list.

    Raises:
        DataError: there are no images, or the list has errors; it names the line.
    """
    if place.is_dir():
        files = list_images(place)
        if not len(files):
            raise DataError(f"no images in {place}: it holds {in_words(place)}. {_extensions()}")
        return Source(place, files)
    if place.suffix.lower() not in LISTS:
        hint = nearest_hint(place.name, folders_in(place.parent)) if not place.exists() else ""
        raise DataError(f"{place} is neither a folder nor a list of images ({', '.join(LISTS)}).{hint}")
    try:
        return _listed(place)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"the list {place} cannot be read: {error}") from error


def folders_in(place: Path) -> list[str]:
    """Return the names of the folders in a place, sorted; none if it is no folder."""
    if not place.is_dir():
        return []
    with os.scandir(place) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def in_words(place: Path, most: int = 8) -> str:
    """Return the names of what a folder holds, the first few of them."""
    with os.scandir(place) as entries:
        names = sorted(entry.name + "/" * entry.is_dir() for entry in entries if not entry.name.startswith("."))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}" if names else "nothing"


def _extensions() -> str:
    return f"Extensions that count: {format_extensions()}."


def _listed(place: Path) -> Source:
    paths: list[str] = []
    attributes: dict[str, list[Any]] = {}
    for line, row in _rows(place):
        path = row.pop(PATH, None)
        if not isinstance(path, str) or not path:
            raise DataError(f"line {line} of {place} has no {PATH!r}.{nearest_hint(PATH, row)}")
        if paths and set(row) != set(attributes):
            raise DataError(
                f"line {line} of {place} has the keys {_keys(row)}, the lines before it {_keys(attributes)}"
            )
        for name, value in row.items():
            if not isinstance(value, str | int | float):
                raise DataError(
                    f"line {line} of {place}: {name!r} must be text, a number, true or false, not {value!r}"
                )
            attributes.setdefault(name, []).append(value)
        paths.append(path)
        if len(paths) == 1:
            _check_first(place, line, path)
    if not paths:
        raise DataError(f"the list {place} names no images")
    return Source(place, FileList(place.parent, paths), attributes)


def _rows(place: Path) -> Iterator[Row]:
    """Yield the number of each line and what it says by key."""
    with open(place, encoding="utf-8-sig", newline="") as file:
        if place.suffix.lower() == ".csv":
            yield from _table(place, file)
        elif place.suffix.lower() == ".jsonl":
            yield from ((line, _object(place, line, text)) for line, text in enumerate(file, 1) if text.strip())
        else:
            lines = ((line, text.strip()) for line, text in enumerate(file, 1))
            yield from ((line, {PATH: text}) for line, text in lines if text and not text.startswith("#"))


def _table(place: Path, file: Iterable[str]) -> Iterator[Row]:
    rows = csv.reader(file)
    names = next(rows, [])
    if PATH not in names:
        raise DataError(f"the first line of {place} names no column {PATH!r}, but {', '.join(names) or 'nothing'}")
    for values in rows:
        if values and len(values) != len(names):
            raise DataError(f"line {rows.line_num} of {place} has {len(values)} values for {len(names)} columns")
        if values:
            yield rows.line_num, dict(zip(names, values, strict=True))


def _object(place: Path, line: int, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise DataError(f"line {line} of {place} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise DataError(f'line {line} of {place} is no object such as {{"{PATH}": "1.png"}}')
    return found


def _check_first(place: Path, line: int, path: str) -> None:
    """Raise DataError early if the folder that paths are relative to is another one than the user thinks."""
    if not os.path.lexists(place.parent / path):
        raise DataError(
            f"line {line} of {place} names {path}, but there is no {place.parent / path}; paths are relative to the "
            "folder of the list"
        )


def _keys(row: dict[str, Any]) -> str:
    return ", ".join(sorted(row)) or "none"
