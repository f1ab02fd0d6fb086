"""Files of tensors that torch wrote: verified before they are used, and read without running code."""

import hashlib
import pickle
import re
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from i2ikit.errors import CheckpointError
from i2ikit.files import nearest_beside

LEAVES = (str, int, float, bool, type(None), torch.Size, torch.dtype, torch.device)
DTYPES = (  # of tensors: those whose values can be compared and checked
    torch.float16, torch.bfloat16, torch.float32, torch.float64,
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
)  # fmt: skip
LARGEST = 2**64  # of the whole numbers
DEEPEST = 64  # levels of nested dicts and lists
MOST_VALUES = 2**20  # in one file
LARGEST_PICKLE = 2**23  # bytes of what describes the tensors; torch takes seconds to read them
MOST_SHARED = 16  # tensors may be this many times larger than their file; several of them can share memory
ZIP_BEGIN, PICKLE_BEGIN = b"PK", b"\x80"  # of files that torch writes today, and that it wrote before version 1.6
ZIP_FLAGS = 0x0808  # sizes that follow the data, names in UTF-8; all others are of encryption or patches
EXPORTED = ("/constants.pkl", "/archive_format")  # entries of TorchScript and torch.export alone
OTHER_RUNTIME = (
    "is an export for another runtime, which i2ikit does not read: name the checkpoint that it was made of, or export "
    "it as safetensors"
)
FOLDER, FILE_KIND, PLAIN_FILES = 0x10, 0o170000, (0, 0o100000)  # attributes of an entry


def read_tensors(path: Path, *, before_zip: bool = False) -> Any:
    """Read what torch wrote to the CPU, without running code that the file may contain.

    Every entry of the archive must be stored as it is, and match its checksum. What is in it must be tensors, whose
    memory the file itself holds, and plain data. No two tensors that are returned share memory or need a gradient.

    Args:
        path: the file.
        before_zip: also read the format that torch wrote before version 1.6, which has no checksums.

    Raises:
        CheckpointError: the file is missing, damaged, not of torch, or holds something else; the message names it.
    """
    begin = _begin(path)
    try:
        if begin == ZIP_BEGIN or not before_zip:
            _check_archive(path)
        elif begin[:1] != PICKLE_BEGIN:
            raise CheckpointError(f"{path} was not written by torch, or it is damaged")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch warns of files that other programs wrote
            content = torch.load(path, map_location="cpu", weights_only=True)
        _check_content(path, content)
    except CheckpointError:
        raise
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL ([\w.]+)", str(error))  # the rest of the message advises to read it unsafely
        if named is None:
            raise CheckpointError(f"{path} cannot be read: it is cut off or damaged") from error
        raise CheckpointError(f"{path} holds types that are not allowed: {named[1]}. No code of it was run.") from error
    except Exception as error:  # whatever a damaged file makes torch raise
        raise CheckpointError(f"{path} cannot be read: it is cut off or damaged ({_first_line(error)})") from error
    return _separate(content, set())


def _begin(path: Path) -> bytes:
    try:
        if not path.is_file():  # a pipe would block
            raise CheckpointError(f"there is no file {path}.{nearest_beside(path)}")
        with path.open("rb") as file:
            return file.read(2)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error


def _check_archive(path: Path) -> None:
    """Raise CheckpointError unless a file is a complete zip archive of stored entries that match their checksums."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            exported = any(entry.filename.endswith(EXPORTED) for entry in entries)
            wrong = next((f"{entry.filename!r} {why}" for entry in entries if (why := _irregular(entry))), "")
            if len({entry.filename for entry in entries}) < len(entries):
                wrong = "two entries have one name"
            if sum(entry.file_size for entry in entries) > path.stat().st_size:
                wrong = "its entries overlap"
            if not wrong and (damaged := archive.testzip()) is not None:
                wrong = f"the checksum of its record {damaged!r} does not match"
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # zipfile raises a dozen kinds for damaged files
        if path.suffix == ".onnx":
            raise CheckpointError(f"{path} {OTHER_RUNTIME}") from None
        raise CheckpointError(
            f"{path} is not complete: it is cut off or damaged, or torch did not write it ({_first_line(error)})"
        ) from error
    if exported:
        raise CheckpointError(f"{path} {OTHER_RUNTIME}")
    if wrong:
        raise CheckpointError(f"{path} is damaged: {wrong}")


def _irregular(entry: zipfile.ZipInfo) -> str:
    """Return why an entry is none that torch writes; an empty string for one that is."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        return "is compressed"
    if entry.flag_bits & ~ZIP_FLAGS:
        return "is encrypted or patched"
    if entry.is_dir() or entry.external_attr & FOLDER or (entry.external_attr >> 16) & FILE_KIND not in PLAIN_FILES:
        return "is no plain file"
    if entry.filename != entry.orig_filename:
        return "has two names"
    if entry.filename.endswith("data.pkl") and entry.file_size > LARGEST_PICKLE:
        return f"has more than {LARGEST_PICKLE} bytes"
    return ""


def _check_content(path: Path, content: Any) -> None:
    foreign = find_foreign(content)
    if foreign:
        raise CheckpointError(f"{path} holds more than tensors and plain data: {foreign}")
    size = path.stat().st_size
    tensors = [item for _, item in walk(content) if isinstance(item, Tensor)]
    stored = {storage.data_ptr(): storage.nbytes() for storage in (item.untyped_storage() for item in tensors)}
    if sum(stored.values()) > size or sum(map(_bytes, tensors)) > MOST_SHARED * size:
        raise CheckpointError(f"{path} is damaged: its tensors are larger than the file")


def _separate(value: Any, seen: set[int]) -> Any:
    """Return a value whose tensors share no memory with each other; ``seen`` has the addresses of those before."""
    if isinstance(value, Tensor):
        layouts = (torch.contiguous_format, *((torch.channels_last,) if value.ndim == 4 else ()))
        address = value.untyped_storage().data_ptr()
        own = any(value.is_contiguous(memory_format=layout) for layout in layouts) and address not in seen
        seen.add(address)
        return value.detach() if own else value.detach().clone()
    if isinstance(value, dict):
        return type(value)((key, _separate(item, seen)) for key, item in value.items())
    return type(value)(_separate(item, seen) for item in value) if type(value) in (list, tuple) else value


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def walk(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield all values of nested dicts, lists and tuples, these too, each with its keys joined by dots.

    Raises:
        ValueError: they are nested too deep, as those are that contain themselves, or too many.
    """
    waiting, count = [(key, value, 0)], 0
    while waiting:
        key, value, depth = waiting.pop()
        count += 1
        if depth > DEEPEST or count > MOST_VALUES:
            raise ValueError(f"more than {MOST_VALUES} values, or more than {DEEPEST} levels")
        yield key, value
        if type(value) in (dict, OrderedDict):
            items: Any = value.items()
        else:
            items = enumerate(value) if type(value) in (list, tuple) else ()
        waiting += [(f"{key}.{name}" if key else str(name), item, depth + 1) for name, item in reversed(list(items))]


def find_foreign(value: Any, key: str = "") -> str:
    """Return the key and the type of the first value that is neither a tensor nor plain data; empty: there is none.

    Args:
        value: nested dicts, lists and tuples. A subclass, such as NumPy's float64, does not count as its base class.
        key: keys above ``value``, joined by dots.
    """
    try:
        return next((wrong for key, item in walk(value, key) if (wrong := _foreign(key, item))), "")
    except ValueError as error:
        return f"{key or 'it'} has {error}"


def _foreign(key: str, value: Any) -> str:
    if isinstance(value, Tensor):
        return "" if _is_plain(value) else f"{key} is a tensor of a special kind"
    if type(value) in (dict, OrderedDict):
        wrong = next((name for name in value if type(name) not in LEAVES), None)
        return "" if wrong is None else f"{key} has the key {wrong!r}, a {_type_name(wrong)}"
    if type(value) is int and abs(value) > LARGEST:
        return f"{key} is a whole number of more than 64 bits"
    return "" if type(value) in (*LEAVES, list, tuple) else f"{key} is a {_type_name(value)}"


def _is_plain(value: Tensor) -> bool:
    known = type(value) in (Tensor, nn.Parameter, nn.Buffer) and value.dtype in DTYPES
    return known and value.layout is torch.strided and not (value.is_meta or value.is_neg() or value.is_nested)


def fits(value: Any, own: Any) -> bool:
    """Return whether a value can replace a tensor: it is one of the same shape, and of floats where that one is."""
    if not isinstance(value, Tensor) or not isinstance(own, Tensor) or value.shape != own.shape:
        return False
    return value.dtype == own.dtype or (value.is_floating_point() and own.is_floating_point())


def _type_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def content_hash(value: Any) -> str:
    """Return a hash of tensors and plain data as hexadecimal digits; it does not depend on how they are stored."""
    digest = hashlib.blake2b(digest_size=16)
    for key, item in walk(value):
        if isinstance(item, Tensor):
            about, data = f"{item.dtype} {tuple(item.shape)}", item.detach().cpu().contiguous().flatten()
            digest.update(f"{key}: {about}\n".encode("utf-8", "surrogatepass"))
            digest.update(data.view(torch.uint8).numpy().data)
        else:
            kind = "dict" if isinstance(item, dict) else type(item).__name__
            shown: Any = list(item) if isinstance(item, dict) else len(item) if isinstance(item, list | tuple) else item
            digest.update(f"{key}: {kind} {shown!r}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def find_not_finite(tensors: Mapping[str, Any]) -> str:
    """Return the name of the first tensor with values that are not finite, and how many; empty: there is none.

    Args:
        tensors: by name; dicts and lists of them are looked into.
    """
    for name, value in walk(tensors):
        bad = value.numel() - int(value.isfinite().sum()) if isinstance(value, Tensor) else 0
        if bad:
            return f"{bad} of {value.numel()} values of {name} are not finite"
    return ""
