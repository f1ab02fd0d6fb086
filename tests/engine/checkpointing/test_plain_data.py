"""What may stand in a checkpoint."""

from collections import OrderedDict, defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, find_unreadable, read_checkpoint, write_checkpoint
from i2ikit.engine.checkpointing.plain_data import find_foreign
from i2ikit.errors import RunError

PLAIN = {
    "tensors": [torch.ones(2), nn.Parameter(torch.ones(1)), torch.zeros(1, dtype=torch.bfloat16)],
    "numbers": (1, 2.5, True, None),
    "text": "x",
    3: OrderedDict(size=torch.Size([1, 2]), dtype=torch.float16, device=torch.device("cpu")),
}


def test_what_counts_as_plain_comes_back_from_a_file(tmp_path):
    assert find_foreign(PLAIN) == ""
    write_checkpoint(tmp_path / "a.pt", Checkpoint(config={}, model={}, extra=PLAIN))
    read = read_checkpoint(tmp_path / "a.pt").extra
    assert read[3] == PLAIN[3]
    assert torch.equal(read["tensors"][2], PLAIN["tensors"][2])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, {"b": Path("x")}]}, "a.1.b is a pathlib."),
        ({"a": np.float64(1)}, "a is a numpy.float64"),  # a float to isinstance, a stranger to the reader
        ({"a": np.ones(2)}, "a is a numpy.ndarray"),
        ({"a": {1, 2}}, "a is a set"),
        ({"a": defaultdict(int)}, "a is a collections.defaultdict"),
        ({"a": {Path("x"): 1}}, "a has the key "),
        ({"a": len}, "a is a builtin_function_or_method"),
    ],
)
def test_anything_else_is_named_with_its_place(value, expected):
    assert find_foreign(value).startswith(expected)


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    checkpoint = Checkpoint(config={}, model={}, extra={"best": np.float64(0.5)})
    assert find_unreadable(checkpoint) == "extra.best is a numpy.float64"
    with pytest.raises(RunError, match=r"a\.pt: extra\.best is a numpy\.float64\. Only tensors and plain data"):
        write_checkpoint(tmp_path / "a.pt", checkpoint)
    assert list(tmp_path.iterdir()) == []
