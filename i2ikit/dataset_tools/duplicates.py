"""Images that are there more than once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from i2ikit.dataset_tools.findings import Finding, plural
from i2ikit.dataset_tools.looks import look_alikes
from i2ikit.dataset_tools.survey import Seen, Survey

Group = tuple[Seen, ...]


def find_duplicates(found: Survey) -> Iterator[Finding]:
    """Find equal files and images that look alike: within a folder, in both domains, in training and test.

    An image of the training that is tested on too makes the numbers too good, so it is a warning of its own.
    """
    equal = _equal(found.files)
    if found.splits() and _domains_are_one(found):
        yield Finding("problem", "identical-domains", "both domains hold the same images: there is nothing to learn")
        return
    yield from _told(equal, "duplicates", "the same file")
    first = {group[0].place: group for group in equal}
    copies = {seen.place for group in equal for seen in group[1:]}
    single = [seen for seen in found.files if seen.look is not None and seen.place not in copies]
    alike = _joined([(single[i], single[j]) for i, j in look_alikes([s.look for s in single if s.look is not None])])
    yield from _told([_with_copies(group, first) for group in alike], "near-duplicates", "nearly the same image")


def _equal(files: Sequence[Seen]) -> list[Group]:
    groups: dict[str, list[Seen]] = defaultdict(list)
    for seen in files:
        if seen.digits and seen.bytes:
            groups[seen.digits].append(seen)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _with_copies(group: Group, first: dict[str, Group]) -> Group:
    return tuple(copy for seen in group for copy in first.get(seen.place, (seen,)))


def _joined(pairs: Sequence[tuple[Seen, Seen]]) -> list[Group]:
    """Return groups of images of which each looks like another one of its group."""
    group_of: dict[str, list[Seen]] = {}
    for one, other in pairs:
        ours, theirs = (group_of.setdefault(seen.place, [seen]) for seen in (one, other))
        if ours is not theirs:
            ours += theirs
            for seen in theirs:
                group_of[seen.place] = ours
    return [tuple(group) for group in {id(group): group for group in group_of.values()}.values()]


def _told(groups: Sequence[Group], kind: str, what: str) -> Iterator[Finding]:
    """Yield a finding for the groups of each sort: those that cross from training to test first."""
    sorts: dict[str, list[Group]] = {"train-and-test": [], "both-domains": [], "within": []}
    for group in groups:
        sorts[_sort(group)].append(group)
    where = {
        "train-and-test": "in training and in test: what is measured on them is too good",
        "both-domains": "in both domains",
        "within": "more than once in a folder",
    }
    for sort, members in sorts.items():
        if members:
            places = tuple(tuple(seen.place for seen in group) for group in members)
            message = f"{plural(len(members), 'group')} of {what} {where[sort]}"
            yield Finding("warning", kind if sort == "within" else f"{kind}-{sort}", message, places)


def _sort(group: Group) -> str:
    folders = {seen.folder for seen in group}
    if len({folder[:-1] for folder in folders}) > 1:
        return "train-and-test"
    return "both-domains" if len(folders) > 1 else "within"


def _domains_are_one(found: Survey) -> bool:
    """Say whether the domains of some split hold nothing but the same files."""
    return any(
        len(domains) == 2 and {seen.digits for seen in domains["A"]} == {seen.digits for seen in domains["B"]}
        for domains in found.splits().values()
    )
