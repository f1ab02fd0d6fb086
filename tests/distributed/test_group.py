import torch

from i2ikit.distributed import group as processes
from i2ikit.distributed.group import ProcessGroup
from i2ikit.distributed.launch import ALONE


def test_one_process_needs_no_meeting_and_is_first():
    with ProcessGroup(ALONE, torch.device("cpu")):
        gradient = torch.tensor([1.0, 2.0])
        processes.average([gradient])
        assert gradient.tolist() == [1, 2]
        assert processes.is_first()
        assert processes.from_first({"a": 1}) == {"a": 1}
        assert processes.any_of_all(True)
        assert not processes.any_of_all(False)
    assert not torch.distributed.is_initialized()


def test_tensors_travel_in_buckets_of_one_type_and_of_limited_size(monkeypatch):
    monkeypatch.setattr(processes, "BUCKET", 5)
    tensors = [torch.zeros(3), torch.zeros(2, dtype=torch.float64), torch.zeros(2, 2), torch.zeros(1), torch.zeros(4)]
    sizes = [[tensor.numel() for tensor in bucket] for bucket in processes._buckets(tensors)]
    assert sizes == [[3, 4], [2], [1, 4]]
