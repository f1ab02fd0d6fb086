import json
import zipfile

import pytest

from i2ikit.trackers import CometTracker

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def test_offline_archives_hold_both_parts_of_a_run_under_one_key(track, tmp_path):
    pytest.importorskip("comet_ml", exc_type=ImportError)
    found = track(lambda: CometTracker(project="zebras", offline=True))
    archives = sorted((tmp_path / "runs" / "mine" / "comet").glob(f"{found}*.zip"))
    assert len(archives) == 2  # `comet upload` makes one experiment of both
    text = ""
    for archive in archives:
        with zipfile.ZipFile(archive) as file:
            about = json.loads(file.read("experiment.json"))
            assert (about["offline_id"], about["project_name"]) == (found, "zebras")
            text += file.read("messages.json").decode()
    for part in ("losses/gan", "metrics/mean.brightness", "model.type", "UnpairedTranslation", "samples"):
        assert part in text
