import pytest
import torch
from torch import Tensor, nn

from i2ikit.errors import DataError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference.failures import TooLargeError, bytes_per_pixel, is_out_of_memory, translation_errors

GB = 2**30
OUT_OF_MEMORY = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("MPS backend out of memory"),
]


class Choosy(nn.Module):
    """Looks at the values of its input, which the meta device has not."""

    def forward(self, x: Tensor) -> Tensor:
        return x if x.mean().item() > 0 else -x


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_an_image_that_memory_does_not_hold_is_named_with_the_size_of_the_training(error, tmp_path):
    with (
        pytest.raises(DataError, match=r"x\.png, 400 x 300 pixels, does not fit into memory\. .*: --size 256\.$"),
        translation_errors(tmp_path / "x.png", 400, 300, 256),
    ):
        raise error


def test_any_other_error_of_a_generator_is_named_with_the_image(tmp_path):
    message = r"fails on \S+x\.png, 40 x 30 pixels, with RuntimeError: sizes differ\. .*: --size N\.$"
    with pytest.raises(DataError, match=message), translation_errors(tmp_path / "x.png", 40, 30, None):
        raise RuntimeError("sizes differ")
    assert not is_out_of_memory(ValueError("out of memory"))


def test_an_image_that_does_not_fit_in_tiles_either_is_refused_with_the_reason(tmp_path):
    message = r"does not fit into memory \(a tile needs about 2 GB\)\. Translate it smaller: --size 64\."
    with pytest.raises(DataError, match=message), translation_errors(tmp_path / "x.png", 400, 300, 64):
        raise TooLargeError("a tile needs about 2 GB")
    with pytest.raises(DataError, match=r"smaller: --size N\.$"), translation_errors("x.png", 40, 30, 64):
        raise TooLargeError("a tile needs about 2 GB")


def test_the_memory_of_a_generator_is_that_of_its_widest_two_layers():
    generator = ResNetGenerator(filters=8, blocks=1, antialias_down=False, antialias_up=False)
    found = bytes_per_pixel(generator, 3)
    assert found is not None
    assert 2 * 8 * 4 <= found <= 4 * 8 * 4  # the first convolution and its norm: 8 channels of 4 bytes in and out
    assert all(parameter.device.type == "cpu" for parameter in generator.parameters())


def test_a_generator_that_needs_values_has_no_estimate():
    assert bytes_per_pixel(Choosy(), 3) is None
