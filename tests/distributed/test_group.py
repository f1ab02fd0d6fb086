import torch

from i2ikit.distributed import group
from i2ikit.distributed.launch import SINGLE


def test_with_one_process_every_function_returns_its_argument():
    with group.ProcessGroup(SINGLE, torch.device("cpu")):
        gradient = torch.tensor([1.0, 2.0])
        group.average([gradient])
        assert gradient.tolist() == [1, 2]
        assert group.is_first()
        assert group.broadcast_value({"a": 1}) == {"a": 1}
        assert group.any_rank(True)
