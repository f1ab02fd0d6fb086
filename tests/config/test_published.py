"""Plain data of a config as others may see it."""

from i2ikit.config.published import without_folders


def test_paths_keep_their_last_part_alone():
    data = {"train": {"type": "Stripes", "root": "/home/somebody/images/horses"}, "files": ["a\\b.py", "ab(a)"], "n": 3}
    assert without_folders(data) == {"train": {"type": "Stripes", "root": "horses"}, "files": ["b.py", "ab(a)"], "n": 3}
