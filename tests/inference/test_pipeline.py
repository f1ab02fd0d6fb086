import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from i2ikit.errors import DataError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.images import Reader
from i2ikit.inference import Translator
from i2ikit.inference import pipeline as pipeline_module
from i2ikit.inference.image_files import ImageFiles
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.pipeline import Job, Pipeline, Speed, intra_op_threads
from i2ikit.ops import kept_kernels

SIZES = [(8, 8), (16, 8), (8, 8), (1, 1), (16, 8), (8, 8), (13, 5)]


class Recording(nn.Module):
    """Inverts colors, and records the shapes of its inputs; fails at batches that hold a white image."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []
        self.lock = threading.Lock()

    def forward(self, x: Tensor) -> Tensor:
        with self.lock:
            self.shapes.append(tuple(x.shape))
        if bool((x.amin((1, 2, 3)) == 1).any()):
            raise RuntimeError("a white image")
        return -x


def files_of(network: nn.Module) -> ImageFiles:
    return ImageFiles(TranslationNetwork(network), Reader(), Reader())


def make_images(folder: Path, sizes: Iterable[tuple[int, int]], seed: int = 0) -> list[Job]:
    random = np.random.default_rng(seed)
    jobs = []
    for number, (width, height) in enumerate(sizes):
        path = folder / f"{number}.png"
        Image.fromarray(random.integers(0, 255, (height, width, 3), np.uint8)).save(path)
        jobs.append(Job(path, folder / "out" / path.name))
    return jobs


def run(files: ImageFiles, jobs: Iterable[Job], speed: Speed | None = None) -> dict[str, Exception | None]:
    ended: dict[str, Exception | None] = {}
    Pipeline(files, speed or Speed(), lambda job, error: ended.update({job.source.name: error})).run(jobs)
    return ended


def test_equal_sizes_share_batches_although_others_are_between_them(tmp_path: Path):
    generator = Recording()
    jobs = make_images(tmp_path, SIZES)
    assert run(files_of(generator), jobs, Speed(batch=3)) == {job.source.name: None for job in jobs}
    assert sorted(generator.shapes) == [(1, 3, 1, 1), (1, 3, 5, 13), (2, 3, 8, 16), (3, 3, 8, 8)]


@pytest.mark.parametrize("speed", [Speed(), Speed(batch=1, workers=1), Speed(batch=2, workers=3)])
def test_each_output_is_that_of_its_own_image(tmp_path: Path, speed: Speed):
    jobs = make_images(tmp_path, SIZES * 5)
    run(files_of(Recording()), jobs, speed)
    for job in jobs:
        with Image.open(job.source) as image, Image.open(job.target) as output:
            assert np.array_equal(np.asarray(output), 255 - np.asarray(image))


def test_a_batch_gives_each_image_what_it_gets_alone(tmp_path: Path):
    torch.manual_seed(0)
    translator = Translator(ResNetGenerator(filters=4, blocks=1, init="normal", init_gain=0.3))
    jobs = make_images(tmp_path, SIZES * 2)
    gray = np.random.default_rng(1).integers(0, 65535, (8, 8), np.uint16)
    Image.fromarray(gray).save(tmp_path / "deep.png")
    Image.fromarray(np.full((8, 8, 4), 77, np.uint8)).save(tmp_path / "clear.png")
    jobs += [Job(tmp_path / name, tmp_path / "out" / name) for name in ("deep.png", "clear.png")]
    run(translator.files, jobs, Speed(batch=4))
    for job in jobs:
        translator.file(job.source, tmp_path / "alone.png")
        with Image.open(job.target) as output, Image.open(tmp_path / "alone.png") as alone:
            assert output.mode == alone.mode
            levels = 257 if job.source.name == "deep.png" else 1
            difference = np.asarray(output).astype(int) - np.asarray(alone).astype(int)
            assert np.abs(difference).max() <= levels


def test_the_failure_of_one_image_leaves_the_others_of_its_batch(tmp_path: Path):
    jobs = make_images(tmp_path, [(8, 8)] * 4)
    Image.new("RGB", (8, 8), "white").save(tmp_path / "1.png")
    ended = run(files_of(Recording()), jobs, Speed(batch=4))
    assert {name for name, error in ended.items() if error is None} == {"0.png", "2.png", "3.png"}
    assert isinstance(ended["1.png"], DataError)
    assert "1.png, 8 x 8 pixels, with RuntimeError: a white image" in str(ended["1.png"])


def test_large_images_are_translated_alone_by_all_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pipeline_module, "CPU_ALONE", 100)
    threads: dict[tuple[int, ...], int] = {}

    class Threads(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            threads[tuple(x.shape)] = torch.get_num_threads()
            return x

    with intra_op_threads(3):
        ended = run(files_of(Threads()), make_images(tmp_path, [(8, 8), (20, 8), (8, 8)]))
        assert torch.get_num_threads() == 3
    assert set(ended.values()) == {None}
    assert threads[1, 3, 8, 20] == 3
    assert {count for shape, count in threads.items() if shape[-1] == 8} == {1}


def test_a_compiled_network_runs_in_one_thread_with_all_cores():
    with intra_op_threads(3):
        files = [
            ImageFiles(TranslationNetwork(nn.Identity(), compile=each), Reader(), Reader()) for each in (True, False)
        ]
        assert [Pipeline(each, Speed(), lambda job, error: None).lanes for each in files] == [1, 3]


def test_little_is_read_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pipeline_module, "MOST_FILES", 4)
    [job] = make_images(tmp_path, [(8, 8)])
    taken = finished = 0
    most = 0

    def jobs() -> Iterable[Job]:
        nonlocal taken, most
        for number in range(50):
            taken += 1
            most = max(most, taken - finished)
            yield Job(job.source, tmp_path / "out" / f"{number}.png")

    def finish(job: Job, error: Exception | None) -> None:
        nonlocal finished
        finished += 1
        assert error is None

    with intra_op_threads(1):
        Pipeline(files_of(Recording()), Speed(), finish).run(jobs())
    assert finished == 50
    assert most <= 5


@pytest.mark.skipif(kept_kernels._function() is None, reason="this CPU or torch lacks NNPACK")
def test_weights_are_transformed_once_for_a_folder_and_then_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[int] = []
    transform = kept_kernels._transformed
    monkeypatch.setattr(kept_kernels, "_transformed", lambda weight: made.append(len(weight)) or transform(weight))
    files = files_of(nn.Sequential(nn.Conv2d(3, 32, 1), nn.Conv2d(32, 32, 3, padding=1), nn.Conv2d(32, 3, 1)))
    with intra_op_threads(2):
        assert set(run(files, make_images(tmp_path, [(24, 24)] * 6)).values()) == {None}
    assert made == [32]
    with intra_op_threads(1), torch.no_grad():
        files.network(torch.zeros(1, 3, 24, 24))
    assert made == [32]


@pytest.mark.parametrize(("name", "value"), [("batch", 0), ("workers", -1)])
def test_numbers_below_one_are_refused(name: str, value: int):
    with pytest.raises(ValueError, match=f"{name} must be an integer above 0, not {value}"):
        Speed(**{name: value})
