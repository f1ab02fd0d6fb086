"""Checks masks and labels beside the images of a data set: missing ones, sizes, values."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from i2ikit.dataset_tools.rules import DataIssue
from i2ikit.dataset_tools.scan import ROOT, Scan, ScannedFile
from i2ikit.datasets.extra import KINDS, MASK, LabelReader, MaskReader
from i2ikit.datasets.sources import by_stem
from i2ikit.errors import DataError, counted
from i2ikit.images import list_images
from i2ikit.images.files import read_header

LISTED = 20  # files named in a message
BINARY = {0, 255}  # values of a mask without partial pixels


def find_bad_masks(scan: Scan) -> Iterator[DataIssue]:
    """Find images without a mask, masks and labels that do not fit their images, and what values they have.

    They are in folders such as ``trainA_mask`` and ``trainB_label``, or ``train_mask`` of images side by side in
    ``train``; without these there is nothing to find.
    """
    for folder, files in _by_folder(scan).items():
        for kind in KINDS:
            beside = scan.root / f"{folder}_{kind}"
            if beside.is_dir():
                yield from _of_folder(files, scan.root / folder, beside, kind)


def _by_folder(scan: Scan) -> dict[str, list[ScannedFile]]:
    """Return the files of each folder that may have masks beside it."""
    found = {name: files for name, files in scan.folders.items() if name != ROOT}
    for file in scan.folders.get(ROOT, ()):
        found.setdefault(file.path.partition(os.sep)[0], []).append(file)
    return found


def _of_folder(files: Sequence[ScannedFile], folder: Path, beside: Path, kind: str) -> Iterator[DataIssue]:
    try:
        found = list_images(beside)
        stems = by_stem(found)
    except DataError as error:
        yield DataIssue("problem", f"{kind}s", str(error))
        return
    partners = [(file, os.path.splitext(os.path.relpath(file.path, folder.name))[0]) for file in files]
    missing = [file.path for file, stem in partners if stem not in stems]
    if missing:
        message = f"{len(missing)} of {counted(len(files), 'image')} of {folder.name} without a {kind} in {beside.name}"
        yield DataIssue("problem", f"{kind}s", message, tuple((path,) for path in missing))
    wrong, values = [], set[int]()
    for file, stem in partners:
        if stem in stems and file.header is not None:
            path = found[stems[stem]]
            try:
                size, used = _size_and_values(path, kind)
            except DataError as error:
                wrong.append(str(error))
                continue
            values |= used
            if size != (file.header.width, file.header.height):
                sizes = f"{size[0]} x {size[1]} pixels, its image {file.header.width} x {file.header.height}"
                wrong.append(f"{path} has {sizes}")
    if wrong:
        listed = "".join(f"\n    {text}" for text in wrong[:LISTED])
        more = f"\n    and {len(wrong) - LISTED} more" if len(wrong) > LISTED else ""
        yield DataIssue("problem", f"{kind}s", f"{counted(len(wrong), kind)} of {beside.name} wrong:{listed}{more}")
    if kind == MASK and values - BINARY:
        partly = f"values between black and white ({len(values - BINARY)} of them): pixels belong to them in part"
        yield DataIssue("note", "masks", f"the masks of {beside.name} have {partly}")
    elif kind != MASK and values:
        shown = ", ".join(map(str, sorted(values)[:LISTED])) + ", ..." * (len(values) > LISTED)
        yield DataIssue("note", "labels", f"the labels of {beside.name} have the codes {shown}")


def _size_and_values(path: str, kind: str) -> tuple[tuple[int, int], set[int]]:
    """Return width, height and the codes of a mask or a label."""
    header = read_header(path)
    codes = np.asarray((MaskReader() if kind == MASK else LabelReader())(path))
    return (header.width, header.height), set(np.unique(codes).tolist())
