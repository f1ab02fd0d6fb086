"""Files of tensors: what is read, and what is refused by name."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from i2ikit.errors import CheckpointError
from i2ikit.tensor_files import content_hash, find_foreign, find_not_finite, fits, read_tensors, walk

CONTENT = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}


def saved(path: Path, content: Any = None, **options: Any) -> Path:
    torch.save(CONTENT if content is None else content, path, **options)
    return path


def rewritten(path: Path, **changes: Any) -> Path:
    """Write a file's entries again with other properties of the first tensor's entry."""
    with zipfile.ZipFile(path) as archive:
        entries = [(entry, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in entries:
            for name, value in changes.items() if entry.filename.endswith("data/0") else ():
                setattr(entry, name, value)
            archive.writestr(entry, data)
    return path


@pytest.mark.parametrize("new", [True, False])
def test_both_formats_of_torch_are_read(tmp_path, new):
    path = saved(tmp_path / "net_G.pth", _use_new_zipfile_serialization=new)
    found = read_tensors(path, before_zip=True)
    assert all(torch.equal(found[name], value) for name, value in CONTENT.items())


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("kept", [1, 30, 200, -1])
def test_a_file_that_is_cut_off_says_so(tmp_path, new, kept):
    path = saved(tmp_path / "net_G.pth", _use_new_zipfile_serialization=new)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(
        CheckpointError, match=r"net_G\.pth (cannot be read|is not complete|was not written by torch)"
    ) as e:
        read_tensors(path, before_zip=True)
    assert "damaged" in str(e.value)
    assert "Errno" not in str(e.value)


def test_the_old_format_has_no_checksums_and_is_read_only_where_it_is_asked_for(tmp_path):
    with pytest.raises(CheckpointError, match=r"old\.pt is not complete"):
        read_tensors(saved(tmp_path / "old.pt", _use_new_zipfile_serialization=False))


def test_a_file_of_another_program_is_named(tmp_path):
    (tmp_path / "a.pth").write_bytes(b"GIF89a")
    with pytest.raises(CheckpointError, match=r"a\.pth was not written by torch"):
        read_tensors(tmp_path / "a.pth", before_zip=True)
    with pytest.raises(CheckpointError, match=r"there is no file .*gone\.pth"):
        read_tensors(tmp_path / "gone.pth")
    with pytest.raises(CheckpointError, match=r"cannot be read: File name too long"):
        read_tensors(tmp_path / ("x" * 300))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"compress_type": zipfile.ZIP_DEFLATED}, "'a/data/0' is compressed"),
        ({"external_attr": 0x10}, "'a/data/0' is no plain file"),
        ({"external_attr": 0o120777 << 16}, "'a/data/0' is no plain file"),
    ],
)
def test_an_entry_that_torch_would_skip_or_read_otherwise_is_refused(tmp_path, changes, why):
    with pytest.raises(CheckpointError, match=why):
        read_tensors(rewritten(saved(tmp_path / "a.pt"), **changes))


def test_each_bit_of_an_entry_in_the_headers_is_noticed_or_has_no_effect(tmp_path):
    """A bit of the directory made torch skip a whole tensor, while all checksums matched."""
    path = saved(tmp_path / "a.pt")
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        local = archive.getinfo("a/data/0").header_offset
    central = whole.index(b"a/data/0", whole.index(b"PK\x01\x02")) - 46
    read = 0
    for place in [*range(local, local + 30), *range(central, central + 46)]:
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            path.write_bytes(bytes(flipped))
            try:
                found = read_tensors(path)
            except CheckpointError:
                continue
            read += 1
            assert all(torch.equal(found[name], value) for name, value in CONTENT.items()), (place, bit)
    assert 0 < read < 400  # bits such as those of the time have no effect


def test_a_tensor_that_asks_for_more_than_the_file_has_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"its tensors are larger than the file"):
        read_tensors(saved(tmp_path / "a.pt", {"w": torch.zeros(1).expand(2**38)}))  # a terabyte


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def doubled() -> list[Any]:
    value: list[Any] = []
    for _ in range(60):  # 2**60 lists, which share memory
        value = [value, value]
    return value


@pytest.mark.parametrize("content", [nested(100), itself()])
def test_what_is_nested_without_end_is_refused(tmp_path, content):
    with pytest.raises(CheckpointError, match=r"more than \d+ values, or more than 64 levels"):
        read_tensors(saved(tmp_path / "a.pt", content))


def test_lists_that_double_at_each_level_end(monkeypatch):
    monkeypatch.setattr("i2ikit.tensor_files.MOST_VALUES", 1000)
    assert find_foreign(doubled()).startswith("it has more than 1000 values")


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(2).to_sparse(),
        torch.ones(2, device="meta"),
        torch.ones(2, dtype=torch.complex64),
        torch.ones(2).to(torch.float8_e4m3fn),
        torch._neg_view(torch.ones(2)),
        torch.nested.nested_tensor([torch.ones(2)], layout=torch.jagged),
    ],
)
def test_tensors_of_special_kinds_are_foreign(value):
    assert find_foreign({"a": value}) == "a is a tensor of a special kind"


def test_whole_numbers_that_no_run_counts_to_are_foreign():
    assert find_foreign({"a": [1, 10**5000]}) == "a.1 is a whole number of more than 64 bits"


def test_tensors_that_share_memory_or_need_a_gradient_come_back_apart(tmp_path):
    """An optimizer that updates one of two such moments in place changes the other one too."""
    whole = torch.arange(6.0)
    content = {"a": whole[:4], "b": whole[2:], "c": torch.ones(1).expand(3), "d": torch.ones(2, requires_grad=True)}
    found = read_tensors(saved(tmp_path / "a.pt", content | {"e": [whole, whole]}))
    for value in (*[found[name] for name in "abcd"], *found["e"]):
        value += 1
    assert [found[name].tolist() for name in "abcd"] == [[1, 2, 3, 4], [3, 4, 5, 6], [2, 2, 2], [2, 2]]
    assert [value.tolist() for value in found["e"]] == [[1, 2, 3, 4, 5, 6]] * 2


def test_layouts_of_tensors_are_kept(tmp_path):
    value = torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last)
    assert read_tensors(saved(tmp_path / "a.pt", {"a": value}))["a"].stride() == value.stride()


@pytest.mark.parametrize(
    ("value", "fitting"),
    [
        (torch.zeros(2), True), (torch.zeros(2).half(), True), (torch.zeros(2).double(), True),
        (torch.zeros(2).long(), False), (torch.zeros(2).bool(), False), (torch.zeros(2, 1), False), (None, False),
    ],
)  # fmt: skip
def test_what_can_replace_a_tensor_has_its_shape_and_is_of_floats_where_it_is(value, fitting):
    assert fits(value, torch.ones(2)) is fitting


def test_values_are_visited_with_their_keys():
    assert [key for key, _ in walk({"a": [1, {"b": 2}], "c": ()})] == ["", "a", "a.0", "a.1", "a.1.b", "c"]


HASHED = {"w": torch.tensor([1.0, 2.0]), "n": 1, "l": [1, 2]}


@pytest.mark.parametrize(
    "other",
    [
        {**HASHED, "w": torch.tensor([1.0, 2.0 + 2**-22])},
        {**HASHED, "w": torch.tensor([1.0, 2.0], dtype=torch.float64)},
        {**HASHED, "w": torch.tensor([[1.0, 2.0]])},
        {**HASHED, "n": 1.0},
        {**HASHED, "n": True},
        {**HASHED, "l": [2, 1]},
        {**HASHED, "l": (1, 2)},
        {**HASHED, "more": None},
    ],
)
def test_the_hash_of_a_content_sees_every_difference(other):
    assert content_hash(other) != content_hash(HASHED)


def test_the_hash_of_a_content_does_not_depend_on_how_it_is_stored(tmp_path):
    content = {**HASHED, "w": nn.Parameter(torch.tensor([[1.0, 9.0], [2.0, 9.0]])[:, 0]), "name": "bytes \udcff"}
    assert content_hash({**HASHED, "name": "bytes \udcff"}) == content_hash(content)
    assert content_hash(read_tensors(saved(tmp_path / "a.pt", content))) == content_hash(content)


def test_tensors_inside_lists_and_dicts_are_looked_into():
    assert find_not_finite({"a": {"b": [torch.ones(1), torch.tensor([float("inf")])]}}).startswith(
        "1 of 1 values of a.b.1"
    )


def test_the_first_tensor_that_is_not_finite_is_named():
    assert find_not_finite({"a": torch.ones(2), "n": torch.tensor(3), "extra": {}}) == ""
    bad = {"a": torch.ones(2), "b": torch.tensor([1.0, float("nan"), -float("inf")])}
    assert find_not_finite(bad) == "2 of 3 values of b are not finite"
