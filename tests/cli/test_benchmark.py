"""The command as a user runs it, and the process of a slice by itself."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from i2ikit.benchmark.tables import Row, Table
from i2ikit.cli.benchmark import print_table, qualities, targets
from i2ikit.errors import I2IKitError

CONFIG = """
LSGAN = dict(type="LSGANLoss")
model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="ResNetGenerator", filters=4, blocks=1)),
    discriminators=dict(b=dict(type="PatchGANDiscriminator", filters=4, layers=1)),
    phases=dict(
        discriminate=dict(update=["discriminators"], terms=dict(
            d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(a)", loss=LSGAN))),
        generate=dict(update=["generators"], terms=dict(
            gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=LSGAN))),
    ),
)
optimizer = dict(type="Adam", lr=RATE)
data = dict(load_size=16, workers=0, train=dict(type="Stripes", count=3),
            test=dict(type="Stripes", split="test", count=2))
train = dict(steps=4)
metrics = dict(background=dict(type="BackgroundPSNR"), truth=dict(type="PSNR"))
"""

PROGRAM = """
from i2ikit.benchmark.slices import run_in_process

if __name__ == "__main__":
    run_in_process({job})
"""


@pytest.fixture
def configs(tmp_path: Path) -> list[str]:
    paths = []
    for name, rate in (("slow", "1e-4"), ("fast", "1e-3")):
        path = tmp_path / name / "tiny.py"
        path.parent.mkdir()
        path.write_text(CONFIG.replace("RATE", rate))
        paths.append(str(path))
    return paths


@pytest.mark.slow
def test_two_methods_are_trained_measured_and_compared(run, configs: list[str], tmp_path: Path):
    command = [*configs, "--steps", "4", "--slices", "1", "--evaluations", "2", "--out", str(tmp_path / "out")]
    done = run("benchmark", *command)
    assert done.code == 0
    printed = done.out
    for words in ("[1/2] slow_seed0: steps 1 to 4 of 4", "Quality at the end", "Best quality", "index.html"):
        assert words in printed
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [[each["step"] for each in run["evaluations"]] for run in results["runs"]] == [[2, 4], [2, 4]]
    assert all(run["seconds_per_step"]["median"] > 0 for run in results["runs"])
    assert results["metrics"]["truth.db"]["truth"]
    assert set(results["agreement"]["background.db"]) >= {"truth.db"}
    assert all(method["parameters"] > 0 and method["gmacs"] > 0 for method in results["methods"])


@pytest.mark.slow
def test_a_slice_saves_and_ends_when_the_program_that_started_it_is_gone(configs: list[str], tmp_path: Path):
    from i2ikit.config import resolve_config

    config = {**resolve_config(Path(configs[0])), "train": {"steps": 10**6}, "samples": {"every": 10**6, "gallery": 0}}
    config["metrics"], config["log"] = {}, {"every": 1}
    work_dir = tmp_path / "work"
    job = {"config": config, "work_dir": str(work_dir), "pause_at": None, "device": "cpu"}
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(job=job))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([sys.executable, str(program)], env=environment, stderr=subprocess.DEVNULL) as process:
        log = work_dir / "log.jsonl"
        while process.poll() is None and not (log.is_file() and log.read_text().count("losses") > 2):
            time.sleep(0.05)
        process.kill()
    deadline = time.monotonic() + 60
    while not list((work_dir / "checkpoints").glob("step_*.pt")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list((work_dir / "checkpoints").glob("step_*.pt"))


def test_a_table_wider_than_the_terminal_continues_below_and_breaks_no_name(capsys):
    heads = ["method", *(f"wasserstein.distance_{index} ↓" for index in range(6))]
    table = Table("Quality", "Mean.", heads, [Row(["enco", *["0.0402 ± 0.0069"] * 6], {6})])
    print_table(table, 80)
    printed = capsys.readouterr().out
    assert all(head in printed for head in heads)
    assert printed.count("enco") == 3  # three columns of 25 and the method's fit into 80
    assert printed.count("0.0402 ± 0.0069*") == 1


def test_errors_are_one_message_and_code_2(run, tmp_path: Path):
    wrong = run("benchmark", "cut/strips", "--steps", "3", "--out", tmp_path / "out")
    assert wrong.code == 2
    assert "Nearest: 'cut/stripes'" in wrong.err
    wrong = run("benchmark", "cut/stripes", "--out", tmp_path / "out")
    assert wrong.code == 2
    assert "give --steps N" in wrong.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--seeds", "0,x"],
        ["--seeds", "0,0"],
        ["--seeds", "-1"],
        ["--seeds", str(2**63)],
        ["--steps", "0"],
        ["--slices", "1001"],
        *(["--minutes", value] for value in ("0", "-1", "inf", "nan")),
    ],
)
def test_values_that_are_not_valid_numbers_are_refused(run, arguments: list[str]):
    wrong = run("benchmark", "cut/stripes", *arguments)
    assert wrong.code == 2
    assert f"Invalid value for '{arguments[0]}'" in wrong.err


def test_an_interrupted_benchmark_tells_how_to_resume(run, configs, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("i2ikit.benchmark.slices.take_turns", interrupt)
    ended = run("benchmark", *configs, "--steps", "4", "--out", tmp_path / "out")
    assert ended.code == 130
    assert "the same command resumes the benchmark" in ended.err


def test_a_quality_of_no_metric_is_refused_before_the_training(run, configs: list[str], tmp_path: Path):
    assert qualities(["truth.db=21.5"], ["truth"]) == {"truth.db": 21.5}
    with pytest.raises(I2IKitError, match=r"--quality truth\.db=much: 'much' is not a number"):
        qualities(["truth.db=much"], ["truth"])
    done = run("benchmark", *configs, "--steps", "4", "--quality", "trut.db=2", "--out", str(tmp_path / "out"))
    assert done.code == 2
    assert "--quality trut.db=2: there is no metric 'trut'. Nearest: 'truth'." in done.err
    assert not (tmp_path / "out").exists()


def test_a_quality_target_needs_a_measured_value():
    known = {"truth.db": {"better": "higher"}, "appearance.contrast": {"better": ""}}
    assert targets({"truth.db": 21.5}, known) == {"truth.db": 21.5}
    for name in ("truth.bd", "appearance.contrast"):
        with pytest.raises(I2IKitError, match=r"--quality .*=2: there is no measured value .* There are: truth\.db"):
            targets({name: 2}, known)
