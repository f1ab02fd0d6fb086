"""Parts of mmengine's own registries: hooks, alarms among them, visualization back ends and optimizers."""

import inspect
from collections import deque
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

from i2ikit.build import REFUSALS, Builder, is_part, reason
from i2ikit.config.sections import within
from i2ikit.config.unserved_hooks import why_unserved
from i2ikit.errors import nearest_hint
from i2ikit.from_mmengine import HOOKS, OPTIMIZERS, PARTS, VISBACKENDS, Registry, priority_of
from i2ikit.opencv import imported_later
from i2ikit.plugin.builtins import import_with_submodules
from i2ikit.plugin.manager import get_manager

OWN_HOOKS = "i2ikit.engine.hooks"  # imported by name, as parts are: the config does not know the engine
ALARMS = f"{OWN_HOOKS}.alarms"

PACKAGES = {  # that back ends import when the run begins to write
    "AimVisBackend": "aim",
    "ClearMLVisBackend": "clearml",
    "DVCLiveVisBackend": "dvclive",
    "MLflowVisBackend": "mlflow",
    "NeptuneVisBackend": "neptune",
    "TensorboardVisBackend": "tensorboard",
    "WandbVisBackend": "wandb",
}


class MMEngineKind(NamedTuple):
    """A kind of parts that mmengine builds.

    Attributes:
        name: what messages call one part, with its article.
        registry: mmengine's.
        modules: which register parts of mmengine or i2ikit when they are imported, at the first use.
        beside: keys of the config that the class does not take.
        given: arguments that the caller gives.
    """

    name: str
    registry: Registry
    modules: tuple[str, ...]
    beside: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    def known(self) -> Mapping[str, type[Any]]:
        """Return all parts by name: mmengine's, i2ikit's, and those of plugins."""
        with imported_later():
            for module in self.modules:
                deque(import_with_submodules(module), maxlen=0)
        get_manager().load_components()
        return self.registry.module_dict

    def arguments(self, name: Any) -> list[str]:
        """Return the names of the arguments that a part takes from a config, ``type`` among them."""
        found = self.known().get(str(name))
        names = inspect.signature(found).parameters if found is not None else ()
        return ["type", *(key for key in names if key not in self.given)]


HOOK = MMEngineKind("a hook", HOOKS, (PARTS["hooks"], OWN_HOOKS), beside=("priority",))
BACKEND = MMEngineKind("a back end", VISBACKENDS, (PARTS["back ends"],), beside=("name",), given=("save_dir",))
OPTIMIZER = MMEngineKind("an optimizer", OPTIMIZERS, (PARTS["optimizers"],), given=("params",))


def check_list(section: Any, path: str, kind: MMEngineKind, builder: Builder) -> None:
    """Collect the errors of a section that lists parts; imports the parts of mmengine only if there is one."""
    if not isinstance(section, list):
        builder.error(path, f'must be a list of dict(type="..."), not {section!r}')
        return
    for index, config in enumerate(section):
        check_part(config, f"{path}.{index}", kind, builder)


def check_optimizer(config: Any, path: str, builder: Builder) -> bool:
    """Collect the errors of the config of an optimizer; return whether there is none."""
    wrong = within(0)(config["lr"]) if isinstance(config, Mapping) and "lr" in config else ""
    if wrong:
        builder.error(f"{path}.lr", wrong)
        return False
    return check_part(config, path, OPTIMIZER, builder)


def check_part(config: Any, path: str, kind: MMEngineKind, builder: Builder) -> bool:
    """Collect the errors of the config of one part; return whether there is none."""
    if not is_part(config):
        builder.error(path, f'{kind.name} is written as dict(type="...", ...), not {config!r}')
        return False
    name, known = config["type"], kind.known()
    found = known.get(str(name))
    if found is None:
        noun = kind.name.partition(" ")[2]
        hint = f"{nearest_hint(str(name), known)}{get_manager().unusable('part')}"
        builder.error(f"{path}.type", f"no {noun} is called {name!r}.{hint}")
        return False
    wrong = _unfit(found, config) if kind is HOOK else ""
    if wrong:
        builder.error(path, wrong)
        return False
    options = {key: value for key, value in config.items() if key not in ("type", *kind.beside)}
    package = PACKAGES.get(str(name))
    if package is not None and find_spec(package) is None:
        builder.error(f"{path}.type", f"{name} needs the package {package}: pip install {package}")
        return False
    before = len(builder.errors)
    builder.match(found, options, dict.fromkeys(kind.given, ""), path)
    builder.check_types(found, options, path)
    if len(builder.errors) == before:
        try:
            _attempt(found, kind, options)
        except REFUSALS as error:
            builder.error(path, f"{name} refused its arguments: {reason(error)}")
    return len(builder.errors) == before


def _unfit(hook: type[Any], config: Mapping[str, Any]) -> str:
    """Return why a hook, or the priority that its config gives it, cannot be used; empty: it can."""
    try:
        priority_of(config.get("priority", hook.priority))
    except ValueError as error:
        return str(error)
    return why_unserved(hook)


def _attempt(found: type[Any], kind: MMEngineKind, options: Mapping[str, Any]) -> None:
    """Make an alarm, which costs nothing, or an optimizer of one parameter; hooks and back ends may do anything."""
    if kind is OPTIMIZER:
        import torch

        weight = torch.nn.Parameter(torch.zeros(1))
        weight.grad = torch.zeros(1)
        optimizer = found([weight], **options)
        if not options.get("capturable"):  # which needs a GPU
            optimizer.step()
    elif found.__module__.startswith(ALARMS):
        found(**options)
