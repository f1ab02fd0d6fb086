import pytest

from i2ikit.trackers import AimTracker

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def test_a_resumed_run_continues_in_the_repository_beside_the_runs(track, tmp_path):
    aim = pytest.importorskip("aim", exc_type=ImportError)
    from aim.storage.context import Context

    found = track(lambda: AimTracker(experiment="zebras"))
    quiet = {"system_tracking_interval": None, "log_system_params": False, "capture_terminal_logs": False}
    run = aim.Run(found, repo=str(tmp_path / "runs"), **quiet)
    assert (run.name, run.experiment) == ("mine", "zebras")
    assert run["config"]["seed"] == 1
    values = {each.name: set(each.values.sparse_list()[1]) for each in run.metrics()}
    assert values == {"losses/gan": {1.5, 1.25}, "lr/generators.ab": {1e-3}, "metrics/mean.brightness": {0.5}}
    images = run.get_image_sequence("samples", Context({}))
    assert len(images.values.sparse_list()[1]) == 2
    run.close()
