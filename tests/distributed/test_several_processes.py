"""Two real processes against one: pain 6, several GPUs give other results than one."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from tests.warm import WarmPython

SCRIPT = Path(__file__).with_name("few_steps.py")
CASES = ("cyclegan", "cut", "cut_within_image", "cut_ada", "cut_memory_bank", "enco_layer_norm", "enco_batch_norm")
CLOSE = {"rtol": 0.0, "atol": 1e-10}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def few_steps() -> ModuleType:
    spec = importlib.util.spec_from_file_location("few_steps", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ranks(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int], python: WarmPython
) -> list[dict[str, Any]]:
    """Results of two processes at batch 1."""
    folder = tmp_path_factory.mktemp("ranks")
    port = str(free_port())
    shared = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    errors = [folder / f"{rank}.txt" for rank in range(2)]
    workers = [
        python.start(
            SCRIPT,
            folder,
            files=(Path(os.devnull), Path(os.devnull), errors[rank]),
            env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    ended = [worker.wait(300) for worker in workers]
    assert ended == [0, 0], [file.read_text() for file in errors]
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.fixture(scope="module")
def alone(few_steps: ModuleType) -> dict[str, Any]:
    """Results of one process at batch 2."""
    return {case: few_steps.train(case, batch=2) for case in CASES}


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(found[name], value, **CLOSE, msg=lambda text, name=name: f"{name}: {text}")
        else:
            same(found[name], value)


@pytest.mark.parametrize("case", CASES)
def test_pain_06_two_processes_at_batch_1_equal_one_at_batch_2(ranks, alone, case):
    same(ranks[0][case]["model"], alone[case]["model"])


def test_both_processes_have_the_probability_of_one_process_with_the_larger_batch(ranks, alone):
    found = [float(each["cut_ada"]["model"]["views.augment_b.probability"]) for each in (*ranks, alone)]
    assert found[0] == found[1] == found[2] != pytest.approx(0.3)


@pytest.mark.parametrize("case", CASES)
def test_both_processes_end_with_the_same_state_bit_for_bit(ranks, case):
    first, second = (rank[case]["model"] for rank in ranks)
    for name, value in first.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, second[name]), name


def test_the_losses_of_one_process_are_the_means_of_those_of_two(ranks, alone):
    for first, second, both in zip(
        ranks[0]["cut"]["losses"], ranks[1]["cut"]["losses"], alone["cut"]["losses"], strict=True
    ):
        same({name: (first[name] + second[name]) / 2 for name in first}, both)


@pytest.mark.parametrize("case", ["cyclegan", "cut_within_image", "cut_ada", "cut_memory_bank", "enco_layer_norm"])
def test_two_batches_of_1_for_one_update_equal_one_batch_of_2(few_steps, alone, case):
    same(few_steps.train(case, batch=1, accumulate=2)["model"], alone[case]["model"])
