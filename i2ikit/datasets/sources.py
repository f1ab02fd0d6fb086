"""Where the images of a domain are: a folder, or a file that lists them."""

import csv
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from i2ikit.argument_types import shown, wrong_number
from i2ikit.errors import DataError, counted, nearest_hint
from i2ikit.images import FileList, format_extensions, list_images
from i2ikit.images.listing import is_folder

PATH = "path"
LISTS = (".txt", ".csv", ".jsonl")
Attributes = dict[str, list[Any]]  # by name, one value for each file
Row = tuple[int, dict[str, Any]]


def read_source(source: Path) -> tuple[FileList, Attributes]:
    """Return the images of a folder with all folders below it, or those that a list names, and their attributes.

    A list is a text file (.txt) with a path on each line (``#`` begins a comment); a table (.csv) whose first row has
    names of columns, one of them ``path``; or lines of JSON (.jsonl), objects with a ``path``. All other columns and
    keys are attributes, those of a table as text. Paths are relative to the folder of the list.

    Raises:
        DataError: there are no images, or the list has errors; it names the line.
    """
    if source.is_dir():
        files = list_images(source)
        if not len(files):
            known = f"Known extensions: {format_extensions()}."
            raise DataError(f"no images in {source}: it contains {format_content(source)}. {known}")
        return files, {}
    if source.suffix.lower() not in LISTS:
        hint = nearest_hint(source.name, folders_in(source.parent)) if not source.exists() else ""
        raise DataError(f"{source} is neither a folder nor a list of images ({', '.join(LISTS)}).{hint}")
    if source.exists() and not source.is_file():
        raise DataError(f"the list {source} is not a regular file but a pipe, a device or a socket")
    try:
        return _listed(source)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"the list {source} cannot be read: {error}") from error


def by_stem(files: FileList) -> dict[str, int]:
    """Return the indices of files by their names without extension; DataError if two have the same."""
    indices: dict[str, int] = {}
    for index in range(len(files)):
        stem = os.path.splitext(files.name(index))[0]
        other = indices.setdefault(stem, index)
        if other != index:
            raise DataError(f"{files[other]} and {files[index]} have the same name: it is unclear which is the partner")
    return indices


def folders_in(source: Path) -> list[str]:
    """Return the sorted names of the folders in a folder; none if it is not a folder that can be listed."""
    try:
        with os.scandir(source) as entries:
            return sorted(entry.name for entry in entries if is_folder(entry) and not entry.name.startswith("."))
    except OSError:
        return []


def folder_advice(root: Path) -> str:
    """Return the options that name the folders of the domains, if a folder holds exactly two of any other name."""
    try:
        names = [name for name in folders_in(root) if any(True for _ in list_images(root / name, []))]
    except DataError:  # one of them cannot be listed
        return ""
    if len(names) != 2:
        return ""
    return f" To train on its two folders: `--data-a {root / names[0]} --data-b {root / names[1]}`."


def format_content(source: Path, most: int = 8) -> str:
    """Return the first few names in a folder as text."""
    with os.scandir(source) as entries:
        names = sorted(entry.name + "/" * is_folder(entry) for entry in entries if not entry.name.startswith("."))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}" if names else "nothing"


def _listed(source: Path) -> tuple[FileList, Attributes]:
    paths: list[str] = []
    attributes: Attributes = {}
    for line, row in _rows(source):
        path = row.pop(PATH, None)
        if not isinstance(path, str) or not path:
            raise DataError(f"line {line} of {source} has no {PATH!r}.{nearest_hint(PATH, row)}")
        if not path.isprintable() and not _can_name_a_file(path):
            raise DataError(f"line {line} of {source}: no file can be called {path!a}")
        if paths and set(row) != set(attributes):
            raise DataError(
                f"line {line} of {source} has the keys {_keys(row)}, the lines before it {_keys(attributes)}"
            )
        for name, value in row.items():
            if not isinstance(value, str | int | float) or wrong_number(value):
                wrong = wrong_number(value) or f"must be text, a number, true or false, not {shown(value)}"
                raise DataError(f"line {line} of {source}: {name!r} {wrong}")
            attributes.setdefault(name, []).append(value)
        paths.append(path)
        if len(paths) == 1:
            _check_first(source, line, path)
    if not paths:
        raise DataError(f"the list {source} names no images")
    return FileList(source.parent, paths), attributes


def _rows(source: Path) -> Iterator[Row]:
    """Yield the number of each line and its values by key."""
    with open(source, encoding="utf-8-sig", newline="") as file:
        if source.suffix.lower() == ".csv":
            yield from _table(source, file)
        elif source.suffix.lower() == ".jsonl":
            yield from ((line, _object(source, line, text)) for line, text in enumerate(file, 1) if text.strip())
        else:
            lines = ((line, text.strip()) for line, text in enumerate(file, 1))
            yield from ((line, {PATH: text}) for line, text in lines if text and not text.startswith("#"))


def _table(source: Path, file: Iterable[str]) -> Iterator[Row]:
    rows = csv.reader(file)
    names = next(rows, [])
    if PATH not in names:
        raise DataError(f"the first line of {source} has no column {PATH!r}, but {', '.join(names) or 'nothing'}")
    for values in rows:
        if values and len(values) != len(names):
            raise DataError(
                f"line {rows.line_num} of {source} has {counted(len(values), 'value')} for "
                f"{counted(len(names), 'column')}"
            )
        if values:
            yield rows.line_num, dict(zip(names, values, strict=True))


def _object(source: Path, line: int, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise DataError(f"line {line} of {source} is not JSON: {error}") from error
    except RecursionError:
        raise DataError(f"line {line} of {source} is nested too deeply") from None
    if not isinstance(found, dict):
        raise DataError(f'line {line} of {source} is not an object such as {{"{PATH}": "1.png"}}')
    return found


def _can_name_a_file(path: str) -> bool:
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def _check_first(source: Path, line: int, path: str) -> None:
    """Raise DataError early if the paths are relative to another folder than the list's."""
    if not os.path.lexists(source.parent / path):
        raise DataError(
            f"line {line} of {source} names {path}, but there is no {source.parent / path}; paths are relative to the "
            "folder of the list"
        )


def _keys(row: dict[str, Any]) -> str:
    return ", ".join(sorted(row)) or "none"
