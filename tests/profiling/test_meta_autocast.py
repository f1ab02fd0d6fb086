import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.ops.fast_operations import FastOperations
from i2ikit.profiling.meta_autocast import MetaAutocast

OPERATIONS = {
    "convolution": lambda x, w: F.conv2d(x, w),
    "transposed convolution": lambda x, w: F.conv_transpose2d(x, w),
    "linear": lambda x, w: F.linear(x, w[0, 0]),
    "matrix product": lambda x, w: x @ x,
    "sum of products": lambda x, w: torch.einsum("bchw,bdhw->bcd", x, x),
    "instance norm": lambda x, w: F.instance_norm(x),
    "reflection": lambda x, w: F.pad(x, (1, 1, 1, 1), mode="reflect"),
    "replication": lambda x, w: F.pad(x, (1, 1, 1, 1), "replicate"),
    "zeros": lambda x, w: F.pad(x, (1, 1, 1, 1)),
    "interpolation": lambda x, w: F.interpolate(x, scale_factor=2.0, mode="bilinear"),
    "activation": lambda x, w: x.relu().tanh(),
    "convolution after norm": lambda x, w: F.conv2d(F.instance_norm(F.conv2d(x, w, padding=1)), w),
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_operations_have_the_data_type_of_autocast(name: str, dtype: torch.dtype) -> None:
    def run(device: str) -> Tensor:
        x, w = torch.ones(1, 3, 3, 3, device=device, dtype=dtype), torch.ones(3, 3, 3, 3, device=device)
        return OPERATIONS[name](x, w)

    with torch.autocast("cpu", dtype=torch.bfloat16), FastOperations(bf16=True):
        expected = run("cpu")
    with MetaAutocast(torch.bfloat16):
        found = run("meta")
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)


def test_weights_are_cast_once() -> None:
    weight = torch.nn.Parameter(torch.zeros(4, 4, device="meta"))
    with MetaAutocast(torch.bfloat16) as mode:
        first = F.linear(torch.zeros(1, 4, device="meta"), weight)
        F.linear(first, weight)
        assert len(mode._weights) == 1
    assert mode._weights == {}
