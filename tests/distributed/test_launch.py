import pytest
import torch

from i2ikit.distributed import launch
from i2ikit.distributed.device import DeviceError
from i2ikit.distributed.launch import SINGLE, RankInfo, find_rank, first_host, rank_device
from i2ikit.errors import I2IKitError

TORCHRUN = {"RANK": "3", "LOCAL_RANK": "1", "WORLD_SIZE": "4", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "29500"}
SLURM = {
    "SLURM_STEP_NUM_TASKS": "8",
    "SLURM_PROCID": "5",
    "SLURM_LOCALID": "1",
    "SLURM_STEP_NODELIST": "gpu[07-08,11]",
    "SLURM_JOB_ID": "40123",
}


def test_a_process_without_variables_of_a_launcher_is_single():
    assert find_rank({}) == SINGLE
    assert find_rank({"SLURM_NTASKS": "8", "SLURM_PROCID": "0"}) == SINGLE  # a batch script itself, not a task of srun


def test_torchrun_sets_the_rank():
    assert find_rank(TORCHRUN) == RankInfo(rank=3, count=4, local_rank=1, host="10.0.0.1", port=29500)


def test_slurm_sets_the_rank_and_jobs_use_different_ports():
    assert find_rank(SLURM) == RankInfo(rank=5, count=8, local_rank=1, host="gpu07", port=20123)
    assert find_rank({**SLURM, "MASTER_ADDR": "head", "MASTER_PORT": "1234"}).host == "head"


@pytest.mark.parametrize(
    ("nodes", "first"),
    [("gpu[07-09,12],big1", "gpu07"), ("node3", "node3"), ("a-b1,a-b2", "a-b1"), ("n[1,5]", "n1")],
)
def test_the_first_machine_of_a_slurm_list(nodes, first):
    assert first_host(nodes) == first


@pytest.mark.parametrize("missing", ["MASTER_ADDR", "MASTER_PORT"])
def test_incomplete_variables_are_named_with_how_to_start_several_processes(missing):
    with pytest.raises(I2IKitError, match=rf"{missing}.*\n?.*torchrun --nproc-per-node"):
        find_rank({name: value for name, value in TORCHRUN.items() if name != missing})


def test_a_rank_that_is_not_a_number_is_named():
    with pytest.raises(I2IKitError, match="'three'"):
        find_rank({**TORCHRUN, "RANK": "three"})


def test_each_process_uses_its_own_gpu(monkeypatch):
    asked = []

    def pick(name):
        asked.append(name)
        return torch.device("cuda" if name == "auto" else name)

    monkeypatch.setattr(launch, "pick_device", pick)
    second = find_rank(TORCHRUN)
    assert rank_device("auto", second) == torch.device("cuda:1")
    assert rank_device("auto", SINGLE) == torch.device("cuda")
    assert rank_device("cpu", second) == torch.device("cpu")
    with pytest.raises(DeviceError, match=r"one GPU each: --device cuda, not cuda:0"):
        rank_device("cuda:0", second)
