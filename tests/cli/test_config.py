"""`i2ikit config`."""

from i2ikit.config import load_config


def test_the_resolved_config_is_printed_as_python_that_loads_to_the_same(run, tiny, tmp_path):
    outcome = run("config", tiny, "--set", "optimizer.lr=5e-5")
    assert outcome.code == 0
    assert 'optimizer = dict(type="Adam", lr=5e-05, betas=[0.5, 0.999])\n' in outcome.out
    assert "\x1b" not in outcome.out
    (tmp_path / "again.py").write_text(outcome.out)
    assert load_config(tmp_path / "again.py") == load_config(tiny, ["optimizer.lr=5e-5"])


def test_data_option_shows_in_it(run, tiny):
    assert 'root="my/photos"' in run("config", tiny, "--data", "my/photos").out


def test_folders_of_any_names_show_in_it_and_one_alone_is_refused(run, tiny):
    printed = run("config", tiny, "--data", "photos", "--data-a", "1", "--data-b", "night").out
    assert [printed.count(text) for text in ('root="photos"', 'a="1"', 'b="night"')] == [2, 2, 2]
    outcome = run("config", tiny, "--data-b", "night")
    assert outcome.code == 2
    assert "name those of domain a with --data-a DIR, or the folder that has both with --data DIR" in outcome.err


def test_a_config_with_errors_inside_can_still_be_printed(run, tiny):
    assert run("config", tiny, "--set", "optimizer.type=Adm").code == 0


def test_a_mistyped_override_ends_it(run, tiny):
    outcome = run("config", tiny, "--set", "optimizer.rl=1")
    assert outcome.code == 2
    assert "--set optimizer.rl=1: optimizer has no 'rl'. Nearest: 'lr'." in outcome.err
