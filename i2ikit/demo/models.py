"""The translations that the page offers, one in memory at a time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from i2ikit.errors import DataError, nearest_hint
from i2ikit.files import read_json
from i2ikit.inference import Translator
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.translation.outputs import domains_of
from i2ikit.work_dir import WorkDir

MOST_EXAMPLES = 8


@dataclass(frozen=True)
class Choice:
    """An output of a checkpoint.

    Attributes:
        checkpoint: its file.
        output: its name in the config.
        examples: test images of its run.
    """

    checkpoint: Path
    output: str
    examples: tuple[Path, ...] = ()


class Models:
    """All outputs of some checkpoints. Each is loaded when it is needed; only the last one stays in memory.

    Args:
        paths: checkpoints or work directories; each is opened once, to see that it can be used.
        load: makes the translator of a checkpoint and the name of its output.

    Attributes:
        choices: by label, in the order of ``paths``.

    Raises:
        CheckpointError: a checkpoint is missing or damaged, or names no outputs.
    """

    def __init__(self, paths: Sequence[Path], load: Callable[[Path, str], Translator]) -> None:
        self._load, self._lock = load, threading.Lock()
        self._loaded: tuple[str, Translator] | None = None
        paths = list({path.resolve(): path for path in paths}.values())
        names = unique_names(paths)
        self.choices: dict[str, Choice] = {}
        for path, name in zip(paths, names, strict=True):
            trained = TrainedModel(path)
            for output in trained.outputs:
                source, target = domains_of(output)
                label = f"{name}: {source} to {target}"
                label = label if label not in self.choices else f"{name}: {output}"
                self.choices[label] = Choice(trained.path, output, find_examples(trained.path, source))

    @property
    def labels(self) -> list[str]:
        """The labels of all outputs."""
        return list(self.choices)

    def choice(self, label: str) -> Choice:
        """Return the output of a label.

        Raises:
            DataError: there is none.
        """
        if label not in self.choices:
            raise DataError(
                f"there is no model {label!r}; there are: {', '.join(self.choices)}.{nearest_hint(label, self.choices)}"
            )
        return self.choices[label]

    def translator(self, label: str) -> Translator:
        """Return the translator of a label; another one is forgotten first.

        Raises:
            DataError: there is no such label.
            CheckpointError: the checkpoint cannot be used any more.
        """
        choice = self.choice(label)
        with self._lock:
            if self._loaded is None or self._loaded[0] != label:
                self._loaded = None
                self._loaded = label, self._load(choice.checkpoint, choice.output)
            return self._loaded[1]


def unique_names(paths: Sequence[Path]) -> list[str]:
    """Return short names of checkpoints: the name of the run, and as many folders above as make them differ."""
    parts = [_run_folder(path.absolute()).parts for path in paths]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-depth:]) for each in parts]
        if len(set(names)) == len(set(parts)):
            break
    repeated = {name for name in names if names.count(name) > 1}
    return [f"{name}, {path.name}" if name in repeated else name for name, path in zip(names, paths, strict=True)]


def find_examples(checkpoint: Path, domain: str) -> tuple[Path, ...]:
    """Return inputs of the newest samples of the run that a checkpoint belongs to; none where it kept none."""
    samples = WorkDir(_run_folder(checkpoint)).samples
    for index in sorted(samples.glob("step_*/index.json"), reverse=True):
        found = tuple(_inputs(index, domain))
        if found:
            return found[:MOST_EXAMPLES]
    return ()


def _inputs(index: Path, domain: str) -> Iterator[Path]:
    """Yield the input images of a domain that an index of samples lists; of a damaged index what can be used."""
    about = read_json(index)
    items = about.get("items") if isinstance(about, dict) else None
    for item in items if isinstance(items, list) else ():
        images = item.get("images") if isinstance(item, dict) and item.get("domain") == domain else None
        name = images.get("input") if isinstance(images, dict) else None
        if isinstance(name, str) and Path(name).name == name and (index.parent / name).is_file():
            yield index.parent / name


def _run_folder(path: Path) -> Path:
    """Return the work directory of a checkpoint in its folder ``checkpoints``; else the path itself."""
    return path.parent.parent if path.parent.name == WorkDir(path).checkpoints.name else path
