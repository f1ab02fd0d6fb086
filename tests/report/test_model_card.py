"""Model cards: what a run says about itself, in Markdown that nothing in it can break."""

from pathlib import Path

import pytest
import yaml

from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.report import write_card
from i2ikit.report.model_card import code, hub_card, method_text, text

CONFIG = {
    "model": {
        "generators": {"ab": {"type": "ResNetGenerator"}},
        "phases": {
            "generate": {
                "update": ["generators"],
                "terms": {"cycle_a": {"type": "PixelTerm", "image": "ba(ab(a))", "target": "a", "weight": 10.0}},
            }
        },
    },
    "metrics": {"background": {"type": "BackgroundPSNR"}},
}

START = {"event": "start", "method": "enco", "config": "/home/me/own.py", "versions": {"i2ikit": "0.1.0", "torch": "2"}}
PROTOCOL = {"images": 3, "data": {"type": "Stripes", "root": "/home/me/stripes"}}


def metrics(step, **values):
    return {
        "event": "metrics",
        "step": step,
        "metrics": {name.replace("_", "."): value for name, value in values.items()},
        "better": {"background.db": "higher"},
        "protocol": PROTOCOL,
    }


@pytest.fixture
def folder(run):
    """A run of 300 steps, measured at 100, 200 and 300, with its best value at 200."""
    data = {"train": {"type": "UnpairedFolders", "root": "/home/me/horses"}, "load_size": 64}
    run.log(START, run.scalars(300, gan_ab=1.0))
    run.log(*(metrics(step, background_db=value) for step, value in ((100, 20.0), (200, 25.0), (300, 22.0))))
    run.config({**CONFIG, "data": data, "evaluation": {"metric": "background.db"}})
    run.samples(200)
    run.samples(300)
    (run.path / "checkpoints").mkdir()
    (run.path / "checkpoints" / "step_000300.pt").write_bytes(b"")
    return run.path


def section(card: str, name: str) -> str:
    return card.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def test_a_run_without_checkpoints_has_no_card(run):
    run.log(START)
    assert write_card(run.path) is None
    assert not (run.path / "checkpoints").exists()


def test_the_card_is_beside_the_checkpoints_and_names_no_folder(folder):
    path = write_card(folder)
    assert path == folder / "checkpoints" / "model_card.md"
    card = path.read_text()
    assert "/home/me" not in card
    assert [line for line in card.splitlines() if line.startswith("## ")] == [
        f"## {name}"
        for name in ("Use", "Data", "Method", "Objective", "Metrics", "Samples", "Licence", "Limits", "Versions")
    ]
    assert "UnpairedFolders(root='horses')" in section(card, "Data")
    assert "- Config: own.py" in card


def test_the_equation_of_the_method_and_each_term_are_shown(folder):
    card = write_card(folder).read_text()
    assert "L_GAN(G, D, X, Y)" in section(card, "Method")
    assert "arXiv:2211.10867" in section(card, "Method")
    assert "| `cycle_a` | `10` | `PixelTerm(image='ba(ab(a))', target='a')` |" in section(card, "Objective")


def test_the_best_and_the_last_measurement_are_shown_with_the_protocol(folder):
    found = section(write_card(folder).read_text(), "Metrics")
    assert "| metric | better | step 200 | step 300 | |" in found
    assert "| `background.db` | higher | 25 | 22 | Mean over images of the PSNR" in found
    assert "- images: `3`" in found
    assert "- data: `Stripes(root='stripes')`" in found


def test_samples_are_links_to_files_that_exist(folder):
    found = section(write_card(folder).read_text(), "Samples")
    links = [part.partition(")")[0] for part in found.split("](")[1:]]
    assert len(links) == 4  # two inputs and their outputs
    assert all("step_000300" in link for link in links)
    assert all((folder / "checkpoints" / link).is_file() for link in links)


def test_the_page_of_a_hub_shows_the_step_of_the_checkpoint(folder):
    checkpoint = Checkpoint({"model": {}}, {}, progress={"step": 200})
    page, images = hub_card(checkpoint, folder / "checkpoints" / "step_000200.pt", "zebras")
    _, fields, card = page.split("---\n", 2)
    assert yaml.safe_load(fields) == {
        "library_name": "i2ikit",
        "pipeline_tag": "image-to-image",
        "license": "other",
        "license_name": "not-chosen",
        "tags": ["image-to-image", "unpaired", "enco"],
    }
    assert "| metric | better | step 200 | |" in card
    assert "i2ikit translate hf://OWNER/zebras photos translated" in card
    assert set(images) == {"samples/0_input.png", "samples/0_output.png", "samples/1_input.png", "samples/1_output.png"}
    assert all("step_000200" in str(path) for path in images.values())
    assert all(f"]({name})" in card for name in images)


def test_a_checkpoint_without_a_run_says_what_is_unknown(tmp_path):
    generators = {"ab": {"type": "ResNetGenerator", "blocks": 9}}
    checkpoint = Checkpoint({"model": {"generators": generators}}, {}, versions={"i2ikit": "0.1.0"})
    page, images = hub_card(checkpoint, tmp_path / "imported.pt", "zebras")
    assert images == {}
    assert "Unknown: these weights were imported" in section(page, "Data")
    assert "Unknown: the config has no objective" in section(page, "Objective")
    assert "*Not measured.*" in section(page, "Metrics")
    assert "| `generators.ab` | `ResNetGenerator(blocks=9)` |" in section(page, "Method")
    assert "i2ikit 0.1.0" in section(page, "Versions")


@pytest.mark.parametrize("method", ["../../x", "", "no_such_method", "a\nb"])
def test_a_method_that_is_not_known_has_no_text(method):
    assert method_text(method) == ""


def test_values_cannot_become_markup():
    assert code("a`b|c\n| d") == "`a'b\\|c \\| d`"
    assert text("<script> [x](y) **b**\n# t") == "&lt;script&gt; \\[x\\](y) \\*\\*b\\*\\* \\# t"


def test_a_hostile_log_leaves_the_card_in_one_piece(folder, run):
    run.log({**START, "method": "<img src=x>\n## Use", "versions": {"i2ikit": "1\n## Data"}})
    card = write_card(folder).read_text()
    assert "<img" not in card
    assert card.count("\n## Use\n") == 1
    assert card.count("\n## Data") == 1


def test_a_hostile_config_leaves_parts_out(folder, run):
    part = {"type": {"a": 1}}
    run.config({"model": [], "data": {"train": part, "test": 5}, "optimizer": [part], "evaluation": 3, "metrics": 4})
    card = write_card(folder).read_text()
    assert "images of about" not in card
    assert "Unknown: the config has no objective" in section(card, "Objective")


def test_a_card_that_cannot_be_written_is_an_error(folder, monkeypatch):
    def fail(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("i2ikit.report.model_card.write_atomically", fail)
    with pytest.raises(Exception, match=r"cannot write the model card .*model_card\.md: .*No space left"):
        write_card(folder)
