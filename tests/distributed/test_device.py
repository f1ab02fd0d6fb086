import pytest
import torch

from i2ikit.distributed.device import DeviceError, batch_to_device, model_to_device, pick_device


def test_the_cpu_is_always_there():
    assert pick_device("cpu") == torch.device("cpu")


def test_auto_prefers_a_gpu_and_falls_back_to_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto").type == "cpu"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert pick_device("auto").type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert pick_device("auto").type == "cuda"


def test_a_gpu_that_is_not_there_is_refused_with_the_reason(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"the device 'cuda' cannot be used: .*`--device cpu` works everywhere"):
        pick_device("cuda")


def test_a_gpu_beyond_the_last_one_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("cuda:1").index == 1
    with pytest.raises(DeviceError, match=r"'cuda:2' cannot be used: this machine has 2 GPUs, counted from 0"):
        pick_device("cuda:2")


def test_metal_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="this machine or this torch has no Metal"):
        pick_device("mps")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x"])
def test_a_device_of_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(DeviceError, match="there are auto, cpu, cuda, cuda:N and mps"):
        pick_device(name)


def test_a_device_that_cannot_train_is_refused():
    with pytest.raises(DeviceError, match="i2ikit trains on cpu, cuda and mps"):
        pick_device("meta")


def test_on_the_cpu_weights_and_images_keep_their_layout():
    convolution = torch.nn.Conv2d(3, 4, 3)
    model_to_device(convolution, torch.device("cpu"))
    assert convolution.weight.is_contiguous()
    batch = batch_to_device({"a": torch.zeros(1, 3, 4, 4), "a_path": ["x"]}, torch.device("cpu"))
    assert batch["a"].is_contiguous()
    assert batch["a_path"] == ["x"]
