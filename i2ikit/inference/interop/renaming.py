"""Changes of names by patterns, for weights of other people's code."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from i2ikit.errors import CheckpointError


@dataclass(frozen=True)
class Rename:
    """One pattern: each ``*`` of ``old`` stands for any text, which the same ``*`` of ``new`` takes over.

    An empty ``new`` leaves out what ``old`` matches.
    """

    old: str
    new: str

    @classmethod
    def parse(cls, text: str) -> "Rename":
        """Read ``OLD=NEW``.

        Raises:
            CheckpointError: there is no ``=``, nothing before it, or the counts of ``*`` do not go together.
        """
        old, equals, new = text.partition("=")
        if not equals or not old:
            raise CheckpointError(f"a renaming is written OLD=NEW, such as 'enc.*=model.1.*', not {text!r}")
        if new and new.count("*") != old.count("*"):
            raise CheckpointError(f"the renaming {text!r} needs as many * on the right as on the left")
        return cls(old, new)

    def apply(self, name: str) -> str | None:
        """Return the new name; the same one if the pattern does not match, None if the name is to be left out."""
        match = re.fullmatch("(.*)".join(map(re.escape, self.old.split("*"))), name)
        if match is None:
            return name
        if not self.new:
            return None
        texts = iter(match.groups())
        return re.sub(r"\*", lambda _: next(texts), self.new)


def rename(state: Mapping[str, Tensor], renames: Sequence[Rename], source: str) -> dict[str, Tensor]:
    """Return a state dict under the names that the patterns give, one pattern after the other.

    Raises:
        CheckpointError: a pattern matches nothing, or two entries get one name.
    """
    names: dict[str, str | None] = {name: name for name in state}
    for pattern in renames:
        changed = {name: None if now is None else pattern.apply(now) for name, now in names.items()}
        if changed == names:
            raise CheckpointError(f"the renaming {pattern.old}={pattern.new} matches no name in {source}")
        names = changed
    result: dict[str, Tensor] = {}
    for name, now in names.items():
        if now is None:
            continue
        if now in result:
            raise CheckpointError(f"two entries of {source} would be called {now!r} after the renaming")
        result[now] = state[name]
    return result
