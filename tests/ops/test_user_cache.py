from i2ikit.ops.user_cache import VARIABLE, user_cache


def test_the_caches_lie_with_the_users_other_ones_or_where_they_were_asked_to(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache("features") == tmp_path / "i2ikit" / "features"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "own"))
    assert user_cache("images") == tmp_path / "own" / "images"
