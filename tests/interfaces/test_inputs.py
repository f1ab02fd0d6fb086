import pytest
import torch

from i2ikit.errors import ShapeError
from i2ikit.interfaces.inputs import ExtraInput, complete

IMAGE = torch.zeros(2, 3, 4, 5, dtype=torch.float64)
STYLE, LABEL = ExtraInput("style", "vector", 8), ExtraInput("c", "label", 3, default=2)


@pytest.mark.parametrize(
    ("extra", "shape", "dtype"),
    [
        (ExtraInput("m", "image", 1), (2, 1, 4, 5), torch.float64),
        (STYLE, (2, 8), torch.float64),
        (ExtraInput("t", "scalar"), (2,), torch.float64),
        (LABEL, (2,), torch.int64),
    ],
)
def test_a_number_fills_an_input_of_its_shape(extra, shape, dtype):
    filled = extra.filled(1, IMAGE)
    assert (filled.shape, filled.dtype) == (shape, dtype)
    assert bool((filled == 1).all())
    extra.check("it", filled, 2)


@pytest.mark.parametrize(
    ("extra", "x", "message"),
    [
        (STYLE, torch.zeros(2, 7), r"net: input 'style' is a vector \(B, 8\), B = 2; got float32 \(2, 7\)"),
        (STYLE, torch.zeros(3, 8), r"B = 2; got float32 \(3, 8\)"),
        (ExtraInput("t", "scalar"), IMAGE, r"input 't' is a scalar \(B,\), B = 2; got float64 \(2, 3, 4, 5\)"),
        (LABEL, torch.zeros(2), r"input 'c' is a label int64 \(B,\), B = 2; got float32 \(2,\)"),
        (STYLE, torch.zeros(2, 8, dtype=torch.int64), r"got int64 \(2, 8\)"),
    ],
)
def test_another_shape_is_refused(extra, x, message):
    with pytest.raises(ShapeError, match=message):
        extra.check("net", x, 2)


def test_inputs_that_are_left_out_get_their_defaults():
    style = torch.zeros(2, 8)
    given = complete("net", (STYLE, LABEL), IMAGE, (style,))
    assert given[0] is style
    assert given[1].tolist() == [2, 2]
    with pytest.raises(ValueError, match="net needs its input 'style', a vector, which has no default: add style="):
        complete("net", (STYLE, LABEL), IMAGE, ())
    with pytest.raises(ValueError, match="net takes 1 extra input, not 2"):
        complete("net", (LABEL,), IMAGE, (style, style))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("2", "scalar"), "must be an identifier, not '2'"),
        (("x", "vectr"), "kind must be one of .*Nearest: 'vector'"),
        (("x", "vector", 0), "size must be an integer above 0"),
        (("x", "label", 2, 2), r"input 'x' is a label in 0\.\.1, not 2"),
    ],
)
def test_a_wrong_declaration_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ExtraInput(*arguments)
