"""Whether the domains of the training and of the test were swapped."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from i2ikit.dataset_tools.findings import Finding
from i2ikit.dataset_tools.survey import Seen, Survey

FEWEST = 8  # images of a folder from which its colors can be told
CLEARLY = 2.0  # times that the swapped folders have to lie closer


def find_swaps(found: Survey) -> Iterator[Finding]:
    """Compare the colors of testA with those of trainA and of trainB, and testB likewise.

    A folder's place is the mean of its images' colors, place by place; swapped domains lie clearly closer crosswise.
    """
    splits = found.splits()
    train = splits.get("train", {})
    for split, domains in splits.items():
        if split == "train" or len(train) < 2 or len(domains) < 2:
            continue
        places = {name: _place(files) for name, files in _named(train, domains).items()}
        if any(place is None for place in places.values()):
            continue
        straight = _between(places["trainA"], places["A"]) + _between(places["trainB"], places["B"])
        across = _between(places["trainA"], places["B"]) + _between(places["trainB"], places["A"])
        if across * CLEARLY < straight:
            message = (
                f"the domains look swapped: {split}A has the colors of trainB, and {split}B those of trainA "
                f"(distance {across:.3g} crosswise, {straight:.3g} as named)"
            )
            yield Finding("problem", "swapped", message)


def _named(train: dict[str, list[Seen]], test: dict[str, list[Seen]]) -> dict[str, list[Seen]]:
    return {f"train{letter}": train[letter] for letter in "AB"} | {letter: test[letter] for letter in "AB"}


def _place(files: Sequence[Seen]) -> NDArray[np.float64] | None:
    colors = [seen.look.colors for seen in files if seen.look is not None]
    return np.mean(colors, axis=0, dtype=np.float64) if len(colors) >= FEWEST else None


def _between(one: NDArray[np.float64] | None, other: NDArray[np.float64] | None) -> float:
    assert one is not None, "looked at before"
    assert other is not None, "looked at before"
    return float(np.sqrt(np.square(one - other).mean()))
