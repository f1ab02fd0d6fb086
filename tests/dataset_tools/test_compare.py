from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from i2ikit.dataset_tools.compare import VERDICTS, compare_domains, sample_domain
from i2ikit.errors import DataError

pytestmark = pytest.mark.slow  # folders of a dozen images for each test


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    """Writes twelve plain or noisy images of one brightness into a folder, and samples it."""

    def folder(name: str, value: int, noise: float = 0.0) -> Any:
        (tmp_path / name).mkdir()
        for k in range(12):
            pixels = np.full((128, 128, 3), value + k) + np.random.default_rng(k).normal(0, noise, (128, 128, 1))
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(tmp_path / name / f"{k}.png")
        return sample_domain(tmp_path / name)

    return folder


def test_brightness_and_color_are_those_of_the_images(folder: Any) -> None:
    domain = folder("plain", 100)
    assert domain.color.tolist() == pytest.approx([105.5 / 255] * 3, abs=1e-5)
    assert (domain.contrast, domain.saturation) == pytest.approx((0, 0), abs=1e-5)
    assert domain.texture == pytest.approx((0, 0, 0), abs=1e-5)
    assert domain.images.shape == (12, 3, 128, 128)
    assert domain.patches.shape == (12 * 64, 147)


def test_the_distance_of_pixels_between_plain_domains_is_that_of_their_brightness(folder: Any) -> None:
    (found,) = compare_domains(folder("dark", 50), [folder("bright", 101)])
    # |51/255 * (1, 1, 1)| projected on a random direction: mean of |cos| on the sphere is 1/2
    assert found.pixels == pytest.approx(0.2 * 3**0.5 / 2, rel=0.1)
    assert found.color == pytest.approx(0.2 * 3**0.5, rel=1e-4)
    assert found.verdict == VERDICTS[-1][1]


def test_texture_is_measured_at_each_scale(folder: Any) -> None:
    (found,) = compare_domains(folder("soft", 120, noise=4), [folder("rough", 120, noise=16)])
    assert found.texture == pytest.approx((4, 4, 4), rel=0.15)
    assert found.color == pytest.approx(0, abs=0.01)


def test_the_nearest_target_comes_first_and_a_copy_is_hardly_distinguishable(folder: Any) -> None:
    source, copy = folder("a", 90, noise=9), folder("copy", 90, noise=9)
    found = compare_domains(source, [folder("far", 200, noise=30), folder("near", 110, noise=9), copy])
    assert [Path(distance.target).name for distance in found] == ["copy", "near", "far"]
    assert found[0].patches == 0
    assert "hardly distinguishable" in found[0].verdict
    assert found[0].as_json()["ratio"] == 0


def test_unreadable_images_are_skipped(folder: Any, tmp_path: Path) -> None:
    folder("a", 90)
    (tmp_path / "a/0.png").write_text("no image")
    assert len(sample_domain(tmp_path / "a").images) == 11


def test_too_few_images_and_no_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    with pytest.raises(DataError, match="some has 0 readable images; at least 4"):
        sample_domain(tmp_path / "some")
    with pytest.raises(DataError, match=r"sme does not exist\. Nearest: 'some'\. Name a folder"):
        sample_domain(tmp_path / "sme")
