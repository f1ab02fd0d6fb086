import logging
import sqlite3

import pytest

from i2ikit.trackers import MLflowTracker
from i2ikit.trackers.mlflow import check_database


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_resumed_run_continues_in_the_database_beside_the_runs(track, tmp_path, monkeypatch):
    pytest.importorskip("mlflow", exc_type=ImportError)
    pytest.importorskip("alembic", exc_type=ImportError)
    from mlflow import MlflowClient

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    found = track(lambda: MLflowTracker(experiment="zebras"))
    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    run = client.get_run(found)
    assert client.get_experiment(run.info.experiment_id).name == "zebras"
    assert (run.info.run_name, run.info.status) == ("mine", "FINISHED")
    assert run.data.params["model.type"] == "UnpairedTranslation"
    assert (run.data.params["seed"], run.data.tags["seed"]) == ("0", "1")  # parameters do not change
    assert run.data.metrics["metrics/mean.brightness"] == 0.5
    values = [(each.step, each.value) for each in client.get_metric_history(found, "losses/gan")]
    assert values == [(2, 1.5), (4, 1.25), (4, 1.25)]
    images = list((tmp_path / "runs" / "mlflow_images").rglob("samples*step+*.png"))
    assert len(images) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"runs"}  # nothing in the current folder


def test_a_database_that_cannot_be_written_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("i2ikit.trackers.mlflow.WAIT", 0)
    check_database(str(tmp_path / "new.db"))
    with pytest.raises(sqlite3.Error, match="unable to open database file"):
        check_database(str(tmp_path))
    (tmp_path / "odd.db").write_bytes(b"no database" * 100)
    with pytest.raises(sqlite3.Error, match="not a database"):
        check_database(str(tmp_path / "odd.db"))
    other = sqlite3.connect(tmp_path / "new.db")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.Error, match="locked"):
        check_database(str(tmp_path / "new.db"))
    other.close()
