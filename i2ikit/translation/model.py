"""The one model: networks, views and phases; every method is a config of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

import torch
from torch import Tensor, nn
from typing_extensions import Self

from i2ikit.interfaces.progress import Progress
from i2ikit.nn.norms import mixes_images
from i2ikit.translation.averages import Average, follow
from i2ikit.translation.expressions import Expression, parse, parse_inputs
from i2ikit.translation.language import DOMAINS, Language
from i2ikit.translation.outputs import declared_outputs
from i2ikit.translation.phase import Phase
from i2ikit.translation.random_streams import RandomStreams
from i2ikit.translation.rendering import FixedSamples, Rendering
from i2ikit.translation.step import Step
from i2ikit.views.base import View

Update = Callable[[str, Tensor], None]


class UnpairedTranslation(nn.Module):
    """Unpaired image-to-image translation by any objective that its phases spell out.

    Args:
        generators, discriminators, heads: networks by name. One that stands under two names is one network: a phase
            that trains both updates it once, and it has the first name in what follows.
        views: image operations by name, for use in image expressions.
        extractors: frozen networks by name, whose taps terms read; always in evaluation mode.
        phases: in the order of the updates of a step.
        averages: the networks that are moving averages of others, by full name; updated after the last phase.
        outputs: the translations that the model is trained for, by name, the first letters of which are their domains.
            None: one for each generator that is called by two domains, ``ab="ab(a)"``.
        real: names of the real images.
        images: image expressions by the name that stands for them in other expressions.

    Attributes:
        language: of its image expressions.
        precision: makes the context that networks compute in, such as torch's autocast; the engine sets it. Losses
            are computed outside of it.
        plain: no pass is joined with others in one call, and none is used twice, unless an update has changed its
            networks since. Slower; the same losses and gradients, for networks that do not mix images.
    """

    def __init__(
        self,
        generators: Mapping[str, nn.Module],
        discriminators: Mapping[str, nn.Module],
        heads: Mapping[str, nn.Module],
        views: Mapping[str, View],
        phases: Mapping[str, Phase],
        averages: Mapping[str, Average] | None = None,
        extractors: Mapping[str, nn.Module] | None = None,
        outputs: Mapping[str, Expression] | None = None,
        *,
        real: Sequence[str] = DOMAINS,
        images: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        kinds = {"generators": generators, "discriminators": discriminators, "heads": heads}
        kinds["extractors"] = extractors or {}
        named = {f"{kind}.{name}": network for kind, group in kinds.items() for name, network in group.items()}
        self.language = Language(named, dict(views), real=real, named=images)
        self.generators, self.discriminators, self.heads, self.extractors = (
            nn.ModuleDict({name: network for name, network in group.items() if self._is_first(kind, name)})
            for kind, group in kinds.items()
        )
        self.extractors.requires_grad_(False)
        self.views = nn.ModuleDict(views)
        self.terms = nn.ModuleDict(
            {name: weighted.term for phase in phases.values() for name, weighted in phase.terms.items()}
        )
        self.phases = dict(phases)
        self.averages = dict(averages or {})
        trained = {name: None for name in generators if f"generators.{name}" not in self.averages}
        declared = {name: parse(text) for name, text in declared_outputs({"generators": trained}).items()}
        self.outputs = declared if outputs is None else dict(outputs)
        self.precision: Callable[[], AbstractContextManager[object]] = nullcontext
        self.plain = False
        self.shareable = {
            name: name.startswith("extractors.") or not mixes_images(network) for name, network in self.networks.items()
        }

    def _is_first(self, kind: str, name: str) -> bool:
        """Return whether no earlier name stands for the same network."""
        return self.language.full(f"{kind}.{name}") == f"{kind}.{name}"

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All networks by full name: ``generators.ab``, ``discriminators.b``, ``heads.f``, ``extractors.vgg``.

        One that has several names has the first of them.
        """
        kinds = {
            "generators": self.generators,
            "discriminators": self.discriminators,
            "heads": self.heads,
            "extractors": self.extractors,
        }
        return {f"{kind}.{name}": network for kind, group in kinds.items() for name, network in group.items()}

    def train(self, mode: bool = True) -> Self:
        """Set the mode of all networks but the extractors, which stay in evaluation mode."""
        super().train(mode)
        for extractor in self.extractors.values():
            extractor.eval()
        return self

    def train_step(
        self,
        batches: Sequence[Mapping[str, Tensor]],
        update: Update,
        progress: Progress,
        streams: Sequence[RandomStreams],
    ) -> dict[str, Tensor]:
        """Run all phases, each on all batches in sequence: one step on all of their images.

        With more than one batch, each phase makes its own graph: a pass that two phases need is made twice, and the
        memory stays that of one batch.

        Args:
            batches: real images ``a`` and ``b``, each (B, C, H, W) in -1..1; the batches are of equal size.
            update: called for every batch of a phase with the phase's name and its weighted loss; does the backward
                pass, and for the last batch the update.
            progress: of this step; terms whose weight is 0 are left out, and so are their passes.
            streams: the random streams of this step for each batch; their ``first`` counts the images of all batches.

        Returns:
            the unweighted value of every active term by its name in the config, a detached scalar: the mean over the
            batches.
        """
        return self.run_steps(self.make_steps(batches, progress, streams), update)

    def make_steps(
        self, batches: Sequence[Mapping[str, Tensor]], progress: Progress, streams: Sequence[RandomStreams]
    ) -> list[Step]:
        """Return the step of each batch, before any pass is made; see :meth:`train_step`."""
        lean = len(batches) > 1
        return [Step(self, batch, progress, own, lean=lean) for batch, own in zip(batches, streams, strict=True)]

    def run_steps(self, steps: Sequence[Step], update: Update) -> dict[str, Tensor]:
        """Run all phases of one step, each on all of its batches; see :meth:`train_step`."""
        values: dict[str, Tensor] = {}
        for index, phase in enumerate(self.phases.values()):
            phase_values: list[dict[str, Tensor]] = []
            for step in steps:
                total, found = step.run_phase(index)
                phase_values.append(found)
                if total is not None:
                    update(phase.name, total)
                    del total  # frees the graph before the next batch makes its own
            values.update(_means(phase_values))
            for step in steps:
                step.forget(index)
        follow(self.averages, self.networks)
        return values

    def image_expressions(self) -> list[str]:
        """Return the images that the terms read, without duplicates, in the order of the config."""
        terms = (weighted.term for phase in self.phases.values() for weighted in phase.terms.values())
        reads = (str(parse_inputs(read.image).arguments[0]) for term in terms for read in term.reads())
        return list(dict.fromkeys(reads))

    def to_show(self, generator: str) -> str:
        """Return the name of a generator's moving average, or the generator's own name if it has none."""
        full = self.language.full(f"generators.{generator}")
        names = (name for name, average in self.averages.items() if average.of == full)
        return next(names, full).removeprefix("generators.")

    def shown(self, expression: Expression) -> Expression:
        """Return an expression as it is outside of training: views that are not ``at_test`` are left out."""
        return expression.without(lambda name: name in self.views and not cast(View, self.views[name]).at_test)

    @torch.no_grad()
    def render(
        self,
        batch: Mapping[str, Tensor],
        expressions: Iterable[str],
        *,
        averaged: bool = True,
        samples: FixedSamples | None = None,
    ) -> dict[str, Tensor]:
        """Return images (B, C, H, W) by expression, in evaluation mode, without the views that do not say ``at_test``.

        Args:
            batch: real images.
            expressions: of the images.
            averaged: a generator that has a moving average is replaced by it.
            samples: of the views; None: those of the seed 0.
        """
        names = {name: self.to_show(name) if averaged else name for name in self.generators}
        generators = {name: self.generators[shown] for name, shown in names.items()}
        samples = samples or FixedSamples()
        views = samples.views(self.language)
        rendering = Rendering(generators, views, batch, samples.places)
        training = self.training
        self.eval()
        try:
            return {text: rendering.image(views.inputs("", text)[0]) for text in expressions}
        finally:
            self.train(training)


def _means(values: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each term over the batches of a step."""
    if len(values) == 1:
        return dict(values[0])
    return {name: torch.stack([each[name] for each in values]).mean() for name in values[0]}
