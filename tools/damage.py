"""Damaged copies of checkpoints, for `tools/fuzz_checkpoint.py`: of their fields, and of their bytes."""

import argparse
import contextlib
import copy
import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.engine.checkpointing.checkpoint import CHECKSUM
from i2ikit.tensor_files import content_hash

VALUES: tuple[Any, ...] = (
    None, True, -1, 1.5, 10**5, 10**9, 2**70, 10**5000, float("nan"), "", "text", "\x1b[2J\r\n\u202e", [], {}, [1, "x"],
    {"x": 1}, {1: {}}, {"\x1b[2J\n": 1}, torch.full((2,), float("nan")), torch.zeros(1).expand(2**38),
    torch.zeros(3, dtype=torch.complex64),
)  # fmt: skip
LEFT_OUT = "left out"
PLAUSIBLE = " (plausible)"
MANY = 400_000  # keys: as many as a reader takes


def damaged_files(file: Path, target: Path, options: argparse.Namespace, *, fields: bool) -> Iterator[str]:
    """Write damaged copies of a file, one after the other; yield what was done.

    Args:
        file: the undamaged one.
        target: of the copies.
        options: of the tool.
        fields: whether it is a checkpoint, whose fields are damaged too.
    """
    rng = random.Random(options.seed)
    if fields:
        for what, content in itertools.chain(
            hostile(file) if options.hostile else (), damaged_fields(file, options.fields, rng)
        ):
            yield from _saved(target, content, what)
    for what, whole in cut_and_flipped(file, options.truncations, options.flips, rng):
        target.write_bytes(whole)
        yield what
    for what, whole in flipped_headers(file) if options.headers else ():
        target.write_bytes(whole)
        yield what


def _saved(target: Path, content: dict[str, Any], what: str) -> Iterator[str]:
    """Write a content with the checksum that it has, and with one that fits, if it can be written."""
    others = {key: value for key, value in content.items() if key != CHECKSUM}
    with contextlib.suppress(ValueError, RuntimeError, AttributeError, TypeError):
        torch.save(content, target)
        yield what
    if what.endswith(PLAUSIBLE):  # with a checksum that fits, it is another checkpoint
        return
    with contextlib.suppress(ValueError, RuntimeError, AttributeError, TypeError):
        torch.save({**others, CHECKSUM: content_hash(others)}, target)
        yield f"{what}, checksum renewed"


def damaged_fields(file: Path, fraction: float, rng: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what was done to a checkpoint, and its content with one field left out or replaced; a fraction of all."""
    content = torch.load(file, weights_only=True)
    for where, parent, key, old in places(content, "", rng):
        for value in (LEFT_OUT, *VALUES, nested(100), *like(old)):
            if rng.random() < fraction:
                for what, changed in _with(content, where, parent, key, value):
                    yield f"{what}{PLAUSIBLE if is_plausible(where, old, value) else ''}", changed
    config = json.loads(content["config"])
    for text in ("null", "7", "[]", "{", "[" * 10**5 + "]" * 10**5, "1" * 5000):
        yield f"config {text[:9]}", {**content, "config": text}
    for where, parent, key, _ in places(config, "config", rng):
        for value in (LEFT_OUT, *filter(_is_json, VALUES), nested(100)):
            usual = key in ("count", "seed") and value in (10**5, 10**9)  # more images of a test set, another seed
            if rng.random() < fraction and not usual:
                for what, changed in _with(config, where, parent, key, value):
                    yield what, {**content, "config": json.dumps(changed)}


def hostile(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what was done to a checkpoint, and its content with far too much in one place."""
    content = torch.load(file, weights_only=True)
    many = {f"x{index}": 0 for index in range(MANY)}
    for name, value in content.items():
        if isinstance(value, dict):
            yield f"{MANY} keys in {name}", {**content, name: {**value, **many}}
            yield f"{name} nested", {**content, name: {**value, "x": nested(200)}}
    yield "a terabyte in many tensors", {**content, "extra": {"x": [torch.zeros(1).expand(2**37) for _ in range(2)]}}
    for name in ("filters", "blocks", "layers", "dim", "size"):
        for size in (10**5, 2**20, 10**9):
            text = re.sub(f'"{name}": [0-9]+', f'"{name}": {size}', content["config"])
            yield f"{name} {size}", {**content, "config": text}
    config = json.loads(content["config"])
    terms, generators = config["model"]["phases"]["generate"]["terms"], config["model"]["generators"]
    terms |= {f"t{index}": terms["gan"] for index in range(MANY // 100)}
    yield f"{len(terms)} terms", {**content, "config": json.dumps(config)}
    terms.clear()
    generators |= {f"g{index}": generators["ab"] for index in range(MANY // 10)}
    yield f"{len(generators)} generators", {**content, "config": json.dumps(config)}


def like(value: Any) -> Iterator[Any]:
    """Yield tensors of the shape of one, of other kinds, layouts or values."""
    if not isinstance(value, Tensor):
        return
    for kind in (torch.float64, torch.float16, torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn):
        if kind != value.dtype:
            yield value.to(kind)
    yield value.clone().requires_grad_() if value.is_floating_point() else value + 10**6
    yield -1 - value.abs() if value.dtype != torch.bool else ~value
    yield torch.empty_like(value, device="meta")
    yield value[..., None].expand(*value.shape, 2).contiguous()[..., 0]  # strides
    yield torch.zeros(1, dtype=value.dtype).expand(value.shape) if value.ndim else value[None]
    yield value.new_empty(0)
    if value.is_floating_point():
        yield torch.full_like(value, float("inf"))
        yield torch.nn.Parameter(value.clone())
        yield value.to_sparse()
        yield torch._neg_view(-value)
        yield torch.quantize_per_tensor(value.float(), 0.1, 0, torch.qint8)


def is_plausible(where: str, old: Any, new: Any) -> bool:
    """Return whether a run may have written a value in place of another one: some gradients and losses are missing."""
    if isinstance(old, Tensor):
        usual = isinstance(new, Tensor) and new.dtype in (torch.float16, torch.float32, torch.float64)
        return usual and new.shape == old.shape and new.layout is torch.strided and not (new.is_meta or new.is_neg())
    if where.endswith((".losses", ".best")) and isinstance(new, dict) and not new:
        return True
    return isinstance(new, str) and new == LEFT_OUT and any(part in where for part in (".state.", ".losses."))


def nested(levels: int) -> list[Any]:
    """Return an empty list in ``levels`` lists."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def places(value: Any, path: str, rng: random.Random) -> Iterator[tuple[str, tuple[Any, ...], Any, Any]]:
    """Yield the fields in nested dicts: name, keys of the dict, key in it, value; of many fields of a dict, some."""
    waiting: list[tuple[str, tuple[Any, ...], Any]] = [(path, (), value)]
    while waiting:
        path, keys, value = waiting.pop()
        if isinstance(value, list) and value:
            value = {0: value[0]}
        if not isinstance(value, dict):
            continue
        names = list(value) if len(value) <= 16 else rng.sample(list(value), 3)
        for name in names:
            where = f"{path}.{name}".strip(".")
            yield where, keys, name, value[name]
            waiting.append((where, (*keys, name), value[name]))


def _with(content: Any, where: str, parent: tuple[Any, ...], key: Any, value: Any) -> Iterator[tuple[str, Any]]:
    changed = copy.deepcopy(content)
    inside = changed
    for name in parent:
        inside = inside[name]
    try:
        if isinstance(value, str) and value == LEFT_OUT:
            del inside[key]
        else:
            inside[key] = value
    except TypeError:  # inside a tuple
        return
    yield f"{where} {_shown(value)}", changed


def _shown(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{type(value).__name__} {tuple(value.shape)} {value.dtype} {value.device} strides {_strides(value)}"
    return "a huge number" if value == 10**5000 else repr(value)[:30]


def _strides(value: Tensor) -> Any:
    return value.stride() if value.layout is torch.strided else "none"


def _is_json(value: Any) -> bool:
    return not isinstance(value, Tensor) and value not in ({1: {}}, 10**5000)


def cut_and_flipped(file: Path, truncations: int, flips: int, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield what was done to the bytes of a file, and the result."""
    whole = file.read_bytes()
    for _ in range(truncations):
        kept = rng.randrange(len(whole))
        yield f"cut at {kept}", whole[:kept]
    headers = header_bytes(whole)
    for number in range(flips):
        place = rng.choice(headers) if number % 2 else rng.randrange(len(whole))
        yield _flipped(whole, place, rng.randrange(8))


def flipped_headers(file: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a copy of a file for each bit of the headers and of the directory of its archive."""
    whole = file.read_bytes()
    for place in header_bytes(whole):
        for bit in range(8):
            yield _flipped(whole, place, bit)


def header_bytes(whole: bytes) -> list[int]:
    """Return the places of the bytes of an archive that are no data of its entries."""
    directory = whole.find(b"PK\x01\x02")
    found = [*range(directory, len(whole))]
    place = whole.find(b"PK\x03\x04")
    while 0 <= place < directory:
        lengths = (int.from_bytes(whole[place + at : place + at + 2], "little") for at in (26, 28))
        found += range(place, place + 30 + sum(lengths))
        place = whole.find(b"PK\x03\x04", place + 4)
    return found


def _flipped(whole: bytes, place: int, bit: int) -> tuple[str, bytes]:
    changed = bytearray(whole)
    changed[place] ^= 1 << bit
    return f"bit {bit} of byte {place}", bytes(changed)
