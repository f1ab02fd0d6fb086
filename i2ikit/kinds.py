"""The kinds of parts: registries, packages of built-in parts, config keys and `i2ikit new` derive from this list."""

from dataclasses import dataclass

from i2ikit.errors import I2IKitError, nearest_hint


@dataclass(frozen=True)
class Kind:
    """One kind of parts.

    Attributes:
        plural: name of the registry and of the package with the built-in parts, such as ``"losses"``.
        singular: what messages call one part, such as ``"loss"``.
        named: whether a config gives such parts names of their own: ``generators=dict(ab=..., ba=...)``.
        suffix: whether the name of a class ends in the kind, as in ``MLPHead``.
        inside: the package around that with the built-in parts; empty: i2ikit itself.
    """

    plural: str
    singular: str
    named: bool = False
    suffix: bool = False
    inside: str = ""

    @property
    def word(self) -> str:
        """The singular in one word, as `i2ikit new` takes it."""
        return self.singular.rpartition(" ")[2]


KINDS = (
    Kind("generators", "generator", named=True, suffix=True),
    Kind("discriminators", "discriminator", named=True, suffix=True),
    Kind("heads", "head", named=True, suffix=True),
    Kind("extractors", "feature extractor", named=True),
    Kind("samplers", "sampler", suffix=True),
    Kind("negatives", "source of negatives"),
    Kind("losses", "loss", suffix=True),
    Kind("terms", "term", named=True, suffix=True),
    Kind("views", "view", named=True),
    Kind("schedules", "schedule"),
    Kind("datasets", "dataset"),
    Kind("transforms", "transform"),
    Kind("metrics", "metric", named=True),
    Kind("trackers", "tracker", suffix=True),
)
HOOKS = Kind("hooks", "hook", suffix=True, inside="engine")  # its registry is mmengine's


def find_kind(name: str, *others: str) -> Kind:
    """Return a kind of parts, hooks among them, named in the singular or the plural.

    Args:
        name: of the kind.
        others: what a command takes besides the kinds; for the message.

    Raises:
        I2IKitError: there is none; the message has the nearest names.
    """
    for kind in (*KINDS, HOOKS):
        if name in (kind.plural, kind.singular, kind.word):
            return kind
    known = [*(kind.plural for kind in (*KINDS, HOOKS)), *others]
    raise I2IKitError(f"no kind of parts is called {name!r}.{nearest_hint(name, known)} Kinds: {', '.join(known)}.")
