"""Parts in a user's own files: ``imports = ["color_loss.py"]`` in a config, ``--import FILE`` for a checkpoint.

The modules are named as if they were inside this one, and importing this one in a worker process imports them again:
so data sets and transforms of own files can be sent to workers that do not share the memory of this process.
"""

import multiprocessing
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from i2ikit.build import ConfigProblem
from i2ikit.config.key_paths import shown
from i2ikit.errors import ConfigError, nearest_hint
from i2ikit.files import expanded, file_hash
from i2ikit.plugin import get_manager
from i2ikit.plugin.info import OWN_FILES
from i2ikit.registry import HOOKS, REGISTRIES

IMPORTS = "imports"
WORKER_FILES = "I2IKIT_WORKER_IMPORTS"  # environment variable: the imported files, for worker processes
EXAMPLE = f'{IMPORTS} = ["color_loss.py"]'


def locate_imports(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return sections of a config with absolute paths of ``imports``, which are relative to ``folder``."""
    listed = values.get(IMPORTS)
    if not isinstance(listed, list):
        return values
    located = [str((folder / expanded(path)).resolve()) if isinstance(path, str) else path for path in listed]
    return {**values, IMPORTS: located}


def import_problems(section: Any) -> list[ConfigProblem]:
    """Import the files of the section ``imports``; return what is wrong with them.

    An unchanged file runs once in a process; the parts of a changed one replace those that it registered before.

    Args:
        section: absolute paths.
    """
    if not isinstance(section, list) or not all(isinstance(path, str) for path in section):
        return [ConfigProblem(IMPORTS, f"must be a list of Python files, as in {EXAMPLE}, not {section!r}")]
    problems, names = [], dict[str, str]()
    for index, path in enumerate(section):
        twin = names.setdefault(_module_name(path), path)
        wrong = _import(Path(path)) if twin == path else f"{twin} has the same name as {path}: rename one of them"
        if wrong:
            problems.append(ConfigProblem(f"{IMPORTS}.{index}", wrong))
    return problems


def import_files(paths: Iterable[str | Path]) -> None:
    """Import Python files that register parts, for checkpoints that need them.

    Raises:
        ConfigError: one of them is missing or does not run.
    """
    located = locate_imports({IMPORTS: [str(path) for path in paths]}, Path.cwd())[IMPORTS]
    problems = import_problems(located)
    if problems:
        raise ConfigError("--import", [problem.message for problem in problems])


@contextmanager
def installed_modules() -> Iterator[None]:
    """Find no modules in the working directory, where `python -m i2ikit` would find them and `i2ikit` would not.

    A file that is imported from there would be missing in the record of the run.
    """
    here = [folder for folder in sys.path if os.path.realpath(folder) == os.path.realpath(os.curdir)]
    sys.path[:] = [folder for folder in sys.path if folder not in here]
    try:
        yield
    finally:
        sys.path[:0] = here


def imported_hash(name: str) -> str:
    """Return the SHA-256 of the imported file of this name, or an empty string if none is imported."""
    return str(getattr(sys.modules.get(_module_name(name)), "__hash_of_file__", ""))


def import_hashes(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each imported file of a config by its name."""
    return {Path(path).name: imported_hash(path) for path in config.get(IMPORTS, [])}


def _module_name(path: str | Path) -> str:
    return f"{OWN_FILES}{re.sub(r'[^0-9A-Za-z_]', '_', Path(path).stem)}"


def _import(path: Path) -> str:
    """Run one file as a module; return what is wrong, or an empty string."""
    if path.suffix != ".py" or not path.is_file():
        beside = [file.name for file in path.parent.glob("*.py")]
        missing = "is not a Python file (.py)" if path.exists() else f"does not exist.{nearest_hint(path.name, beside)}"
        return f"{shown(path)} {missing}"
    name, digest = _module_name(path), file_hash(path)
    if imported_hash(path.name) == digest:
        return ""
    get_manager().load_components()  # first, so that the name of a built-in part or of a plugin is taken
    _forget(name)
    module = sys.modules[name] = ModuleType(name)
    module.__file__ = str(path)
    try:
        with installed_modules():
            exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), vars(module))
    except BaseException as error:  # a file may raise anything
        _forget(name)
        if type(error) is KeyboardInterrupt:
            raise
        return _explain(error, path)
    vars(module)["__hash_of_file__"] = digest
    files = [file for file in os.environ.get(WORKER_FILES, "").split(os.pathsep) if file]
    os.environ[WORKER_FILES] = os.pathsep.join(dict.fromkeys([*files, str(path)]))
    return ""


def _forget(name: str) -> None:
    """Remove a module and what it has registered."""
    sys.modules.pop(name, None)
    for registry in (*REGISTRIES.values(), HOOKS):
        for key in [key for key, part in registry.module_dict.items() if part.__module__ == name]:
            del registry.module_dict[key]


def _explain(error: BaseException, path: Path) -> str:
    """Return the line of the file at which it failed, the error, and the next step where one is known."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    advice = ""
    if isinstance(error, ModuleNotFoundError) and (path.parent / f"{error.name}.py").is_file():
        advice = " A file of `imports` is on its own: put both into one file, or make a plugin: `i2ikit new plugin`."
    where = f"{shown(path)}, line {line}" if line else shown(path)
    return f"{where}: {type(error).__name__}: {str(error).rstrip('.')}.{advice}"


def _is_worker() -> bool:
    """Return whether this is a process that another one has started with multiprocessing.

    While such a process reads the objects that it was sent, it does not know its parent yet.
    """
    process = multiprocessing.current_process()
    return multiprocessing.parent_process() is not None or getattr(process, "_inheriting", False)


if _is_worker():
    import_problems([file for file in os.environ.get(WORKER_FILES, "").split(os.pathsep) if file])
