import numpy as np

from i2ikit.images.planes import quantized


def test_integers_are_rounded_and_clipped_to_their_type():
    values = np.array([[[-0.5, 0.25, 2.0]]])
    assert quantized(values, np.dtype(np.uint8), (0, 255)).tolist() == [[[0, 64, 255]]]
    assert quantized(values, np.dtype(np.int16), (-1000, 3000)).tolist() == [[[-3000, 0, 7000]]]
    assert quantized(values, np.dtype(np.float64), (0, 2)).tolist() == [[[-1, 0.5, 4]]]
    assert quantized(values, np.dtype(bool), (0, 1)).tolist() == [[[False, False, True]]]
