"""Where what can be computed again is kept between runs."""

import os
from pathlib import Path

VARIABLE = "I2IKIT_CACHE"


def user_cache(kind: str) -> Path:
    """Return the folder of one kind of things: ``$I2IKIT_CACHE/kind``, or ``i2ikit/kind`` in the user's caches."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser() / kind
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "i2ikit" / kind
