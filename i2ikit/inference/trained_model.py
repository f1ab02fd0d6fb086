"""The networks of a checkpoint, rebuilt from the config inside it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn

from i2ikit import model_keys
from i2ikit.build import Builder, class_of
from i2ikit.checks import one_of
from i2ikit.config.batch import training_size
from i2ikit.config.data import reading
from i2ikit.engine.checkpointing.rebuild import rebuild
from i2ikit.engine.checkpointing.weights_file import AVERAGED, open_checkpoint
from i2ikit.errors import CheckpointError, I2IKitError, nearest_hint
from i2ikit.images import Reader, domain_readers
from i2ikit.inference.hub import locate
from i2ikit.inference.part_hints import part_hints
from i2ikit.interfaces import full_name
from i2ikit.nn.norms import take_one_position
from i2ikit.registry import DISCRIMINATORS, EXTRACTORS, GENERATORS, HEADS, VIEWS
from i2ikit.translation.expressions import Expression, parse
from i2ikit.translation.outputs import declared_outputs, expanded, real_images
from i2ikit.translation.rendering import OutputNetwork
from i2ikit.views.base import UnfoldingView
from i2ikit.work_dir import choose_checkpoint

PUBLISHED_SIZE = 256  # pixels of the images that the published generators are trained and tested on
WEIGHTS = ("average", "raw")
REGISTRIES = {"generators": GENERATORS, "discriminators": DISCRIMINATORS, "heads": HEADS}  # of what is trained


class TrainedModel:
    """A checkpoint, read once.

    Full names of networks are ``generators.ab``; moving averages have the kind of the network that they follow.

    Args:
        path: a checkpoint, or a work directory: its best checkpoint, or the newest where the run kept no best.

    Attributes:
        path: of the checkpoint.
        checkpoint: its content.
        averages: by full name of a moving average, that of the network that it follows.

    Raises:
        CheckpointError: the file is missing or damaged, or has weights of networks that its config does not have.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = choose_checkpoint(locate(path))
        self.checkpoint = open_checkpoint(self.path)
        self._model: Mapping[str, Any] = self.checkpoint.config.get("model") or {}
        averages = self._model.get("averages") or {}
        self.averages = {
            f"{each['of'].partition('.')[0]}.{name}": model_keys.owner(self._model, each["of"])
            for name, each in averages.items()
        }
        stored = dict.fromkeys(".".join(key.split(".")[:2]) for key in self.checkpoint.model)
        known = {*self.network_names(), *self.averages}
        odd = next((name for name in stored if name.partition(".")[0] in REGISTRIES and name not in known), None)
        if odd is not None:
            raise CheckpointError(f"{self.path} has weights of {odd!r}, which the config inside it does not have")

    @cached_property
    def outputs(self) -> dict[str, Expression]:
        """What the model translates, by name, in the order of the config; views that are not ``at_test`` are left out.

        Raises:
            CheckpointError: the config has none, or an error in one.
        """
        found = {}
        for name, text in declared_outputs(self._model).items():
            try:
                image = expanded(parse(str(text)), self._images).without(self._is_left_out)
                found[name] = image.renamed(self._owner)
            except ValueError as error:
                raise CheckpointError(
                    f"the config inside {self.path} has an error in model.outputs: {error}"
                ) from error
        if not found:
            what = "no output" if self._model.get("generators") else "no generators"
            raise CheckpointError(f"the config inside {self.path} names {what}")
        return found

    def choose_output(self, name: str | None = None) -> str:
        """Return the name of an output; None: of the first one.

        Raises:
            CheckpointError: there is no output of that name.
        """
        name = next(iter(self.outputs)) if name is None else name
        if name not in self.outputs:
            known = ", ".join(self.outputs)
            raise CheckpointError(
                f"{self.path} has no output {name!r}; it has {known}.{nearest_hint(name, self.outputs)}"
            )
        return name

    def generators_of(self, output: str, weights: str = "average") -> dict[str, str]:
        """Return the full names of the weights of all generators in an output, by their names in its expression.

        Args:
            output: its name.
            weights: ``"average"``: a generator that has a moving average is replaced by it; ``"raw"``: it is not.

        Raises:
            CheckpointError: ``weights`` is ``"raw"``, and the file has nothing but the moving average of a generator.
            ValueError: ``weights`` is another word.
        """
        averaged = one_of("weights", weights, WEIGHTS) == "average"
        full = {name: f"generators.{self._owner(name)}" for name in self._functions(output) if name not in self._views}
        if not averaged and any(map(self.is_average, full.values())):
            raise CheckpointError(f"{self.path} was exported with averaged weights; the raw ones are in its checkpoint")
        return {name: self.averaged_name(each) if averaged else each for name, each in full.items()}

    def weights_in(self, output: str, weights: str) -> str:
        """Return ``"average"`` if a moving average is among the weights of an output, else ``"raw"``."""
        averaged = any(map(self.is_average, self.generators_of(output, weights).values()))
        return WEIGHTS[0] if averaged else WEIGHTS[1]

    def is_average(self, name: str) -> bool:
        """Return whether the weights of a full name are those of a moving average."""
        return name in self.averages or name.partition(".")[2] in self.checkpoint.extra.get(AVERAGED, ())

    def views_of(self, output: str) -> list[str]:
        """Return the names of the views in an output."""
        return [name for name in self._functions(output) if name in self._views]

    def build_output(self, output: str, weights: str = "average") -> nn.Module:
        """Return the network of an output, with its weights: a generator itself, or a composition of several.

        Args:
            output, weights: as for :meth:`generators_of`.

        Raises:
            CheckpointError: a part cannot be built, or its weights do not fit.
        """
        expression = self.outputs[output]
        full = {**self.generators_of(output, weights), **{name: f"views.{name}" for name in self.views_of(output)}}
        networks = {name: self.build(each) for name, each in full.items()}
        for name, each in full.items():
            self.load(networks[name], each)
            take_one_position(networks[name])
        views = {name: networks.pop(name) for name in self.views_of(output)}
        reads = self.reads(output)
        if expression.name in networks and expression == Expression(expression.name, (Expression(reads[0]),)):
            return networks[expression.name]
        return OutputNetwork(expression, reads, networks, views, self._images)

    def reads(self, output: str) -> list[str]:
        """Return the names of the real images that an output reads: the one that it translates first."""
        found = real_images(output, self.outputs[output], self._views)
        if not found:
            raise CheckpointError(f"the config inside {self.path} has an output {output!r} that reads no image")
        return found

    def _functions(self, output: str) -> list[str]:
        """Return the names of the generators and views in an output, innermost last, without duplicates.

        They are all that there are where a view unfolds into another expression.
        """
        known = [*(self._model.get("generators") or {}), *(self._model.get("averages") or {}), *self._views]
        found = [part.name for part in self.outputs[output].walk() if part.name in known]
        classes = (class_of(VIEWS, self._views[name].get("type")) for name in found if name in self._views)
        unfolds = any(view is not None and issubclass(view, UnfoldingView) for view in classes)
        return list(dict.fromkeys([*found, *(known if unfolds else ())]))

    def _owner(self, generator: str) -> str:
        """Return the name of the generator whose weights a generator has, see ``same_as``."""
        return model_keys.owner(self._model, f"generators.{generator}").removeprefix("generators.")

    @property
    def _images(self) -> Mapping[str, Any]:
        return self._model.get("images") or {}

    @property
    def _views(self) -> Mapping[str, Any]:
        return self._model.get("views") or {}

    def _is_left_out(self, name: str) -> bool:
        config = self._views.get(name) or {}
        return name in self._views and not config.get(
            "at_test", getattr(class_of(VIEWS, config.get("type")), "at_test", True)
        )

    @property
    def training_size(self) -> int | None:
        """Pixels of the shorter side of the images of the training; None if the config leaves it open.

        It is 256 for an imported checkpoint, whose config has no data: the size of the published ones.
        """
        config = self.checkpoint.config
        return training_size(config) if "data" in config else PUBLISHED_SIZE

    def trained_name(self, name: str) -> str:
        """Return the full name of a network, or, of a moving average, that of the network that it follows.

        A network that is the same as another one has the name of that.
        """
        return model_keys.owner(self._model, self.averages.get(name, name))

    def averaged_name(self, name: str) -> str:
        """Return the full name of the moving average of a network, or of the network itself where there is none."""
        name = model_keys.owner(self._model, name)
        return next((average for average, of in self.averages.items() if of == name), name)

    def network_names(self) -> list[str]:
        """Return the full names of the networks in the config, averages left out."""
        return [f"{kind}.{name}" for kind in REGISTRIES for name in self._model.get(kind) or {}]

    def build(self, name: str) -> nn.Module:
        """Build a network or a view, or a copy for a moving average, from its config, with initial weights.

        Args:
            name: full, such as ``generators.ab`` or ``views.noise``.

        Raises:
            CheckpointError: the config has an error, needs a part that is not installed, or asks for another network
                than the checkpoint has weights for.
        """
        kind, _, short = self.trained_name(name).partition(".")
        if short not in (self._model.get(kind) or {}):
            raise CheckpointError(f"the config inside {self.path} has no {self.trained_name(name)}")
        config = dict(self._model[kind][short])
        view = {key: config.pop(key) for key in model_keys.VIEW if kind == "views" and key in config}
        given: dict[str, Any] = {}
        if kind == "discriminators":
            config = {key: value for key, value in config.items() if key not in model_keys.DISCRIMINATOR}
        if kind == "heads" and "of" in config:
            given["widths"] = self._widths(config.pop("of"), config.pop("taps"))
        builder = Builder()

        def make() -> nn.Module | None:
            made: nn.Module | None = builder.part(
                {**REGISTRIES, "extractors": EXTRACTORS, "views": VIEWS}[kind], config, f"model.{kind}.{short}", **given
            )
            return made

        try:
            network = rebuild(make, config, self.checkpoint.weights(name))
        except CheckpointError as error:
            raise CheckpointError(f"cannot rebuild {name} of {self.path}: {error}") from error
        if network is None:
            errors = "\n".join(f"  - {error.path}: {error.message}" for error in builder.errors)
            raise CheckpointError(
                f"cannot rebuild {name} of {self.path}:\n{errors}{part_hints(self.path, self.checkpoint)}"
            )
        for key, value in view.items():
            setattr(network, key, value)
        return network

    def _widths(self, generator: str, taps: Sequence[str]) -> Any:
        network: Any = self.build(full_name(generator))
        try:
            return network.widths(taps)
        except (I2IKitError, ValueError, LookupError, TypeError) as error:
            raise CheckpointError(
                f"the config inside {self.path} has taps that {generator} has not: {error}"
            ) from error

    def load(self, network: nn.Module, name: str, *, assign: bool = False) -> None:
        """Load the weights of a network into one that :meth:`build` built.

        Args:
            network: it is changed.
            name: full; of the network or of a moving average.
            assign: use the stored tensors themselves, with their data type, instead of copying their values.

        Raises:
            CheckpointError: the weights do not fit.
        """
        try:
            network.load_state_dict(self.checkpoint.weights(name), assign=assign)
        except RuntimeError as error:
            raise CheckpointError(f"the weights of {name} in {self.path} do not fit its config: {error}") from error

    def readers(self, channels: int) -> dict[str, Reader]:
        """Return how the files of the domains ``a`` and ``b`` are read.

        Args:
            channels: of images, where the config does not set them.

        Raises:
            CheckpointError: the config sets them wrongly.
        """
        try:
            return domain_readers(**{"channels": channels, **reading(self.checkpoint.config)})
        except (ValueError, TypeError) as error:
            raise CheckpointError(f"the config inside {self.path} cannot read files: {error}") from error
