"""Replays of FSeSim and LSeSim, whose parts are in the plugin i2ikit-lsesim."""

from collections.abc import Mapping
from typing import Any, ClassVar

import parity
from torch import Tensor, nn

from i2ikit.extractors.vgg16 import NAMES
from i2ikit.inference.interop.options.networks import discriminator, generator
from i2ikit.inference.interop.options.objective import adam, method_base, only_default, set_losses, terms_of
from i2ikit.translation import RandomStreams, UnpairedTranslation

MODES = {"cos": "SimilarityCosineLoss", "l1": "SimilarityL1Loss"}
OFF = ("lambda_spatial_idt", "lambda_perceptual", "lambda_style", "lambda_identity", "lambda_gradient")
EVERYWHERE = 2**30  # positions; more than any feature map has


class RecordedStreams(RandomStreams):
    """The recorded positions of each tap, by the stream of the term."""

    def __init__(self, step: int, recorded: Mapping[str, Mapping[int, Tensor]], taps: list[str]) -> None:
        super().__init__(seed=0, step=step)
        self.recorded, self.taps = recorded, taps

    def permutation(self, name: str, size: int, count: int) -> Tensor:
        """Return the positions of ``STREAM/positions/TAP``."""
        stream, _, tap = name.split("/")
        return self.recorded[stream][self.taps.index(tap)]


class Replay(parity.Replay):
    """A case of FSeSim or LSeSim."""

    losses: ClassVar = {
        **parity.LOSSES,
        "G_s": ("content", ("lambda_spatial",)),
        "spatial": ("learn", ()),
        "D": ("discriminate", ()),
    }

    def build(self) -> tuple[dict[str, Any], UnpairedTranslation]:
        """Return config and model of the published options."""
        options = self.case.options
        only_default(options, OFF)
        options = {**options, "normG": options["norm"], "normD": options["norm"]}
        config = method_base("lsesim" if options["learned_attn"] else "fsesim")
        model, phases = config["model"], config["model"]["phases"]
        model["generators"]["ab"], model["discriminators"]["b"] = generator(options), discriminator(options)
        widths = self.case.content["vgg"]["widths"]
        model["extractors"]["vgg"].update(weights=str(self.case.path / "init_net_VGG.pth"), filters=widths[0])
        if not options["pool_size"]:
            phases["discriminate"]["terms"]["d"]["fake"] = "ab(a)"
        else:
            model["views"]["pool"]["size"] = options["pool_size"]
        self.taps = [NAMES[int(number)] for number in options["attn_layers"].split(",")]
        num = int(options["patch_nums"]) if options["patch_nums"] > 0 else EVERYWHERE
        for term in terms_of(model, "SelfSimilarityTerm", "SimilarityContrastTerm"):
            term.update(taps=self.taps, num=num, window=options["patch_size"], cosine=options["use_norm"])
        content = phases["generate"]["terms"]["content"]
        content["weight"] = options["lambda_spatial"]
        content["loss"] = {"type": MODES[options["loss_mode"]], "beta": 0.0 if options["use_norm"] else 1.0}
        if options["learned_attn"]:
            model["heads"]["f"]["taps"] = self.taps
            for term in phases["learn"]["terms"].values():
                term["tau"] = options["T"]
            if not options["augment"]:
                phases["learn"]["terms"].pop("recolored")
                phases["learn"]["terms"]["translated"]["weight"] = 1.0
        set_losses(model, options)
        adam(config, options)
        return config, parity.waiting_model(model)

    def network(self, published: str) -> tuple[str, nn.Module]:
        """Return full name and module of a network."""
        if published == "VGG":
            return "extractors.vgg", self.model.networks["extractors.vgg"]
        return super().network(published)

    def load(self, published: str) -> None:
        """Load the weights that a network started from; those of the extractor are loaded by its config."""
        if published == "F":
            network, weights = self.network(published)[1], self.case.weights(published)
            network.load_state_dict(
                {_own(key): value.flatten(1) if value.ndim > 1 else value for key, value in weights.items()}
            )
        elif published != "VGG":
            super().load(published)

    def state(self, published: str) -> Mapping[str, Tensor]:
        """Return the published state dict of a network; that of the extractor with layers that nobody reads."""
        if published == "VGG":
            own, given = self.network(published)[1].state_dict(), self.case.weights(published)
            named = {
                key: f"stages.{NAMES[index // 2]}.conv.{key.rpartition('.')[2]}" for index, key in enumerate(given)
            }
            return {key: own.get(named[key], value) for key, value in given.items()}
        if published == "F":
            own = self.network(published)[1].state_dict()
            return {entry: own[_own(entry)] for entry, _ in self.case.networks["F"]}
        return super().state(published)

    def batch(self, step: int) -> dict[str, Tensor]:
        """Return the images of a step by name."""
        return self.case.directed(super().batch(step))

    def inject(self, step: int) -> None:
        """Replace the jitter by the recorded images."""
        if "jitter" in self.model.views:
            images = {domain: self.case.pixels(f"step{step}/aug_{domain.upper()}") for domain in "ab"}
            jittered = self.case.directed(images)
            self.model.views["jitter"].forward = lambda _, *, expression, **__: jittered[expression]

    def streams(self, step: int) -> RandomStreams:
        """Return the recorded positions."""
        calls = ["positions", "content"] if self.case.options["learned_attn"] else ["content"]
        recorded = {stream: self.case.positions(step, call) for call, stream in enumerate(calls)}
        return RecordedStreams(step + 1, recorded, self.taps)

    def apart(self, published: str) -> Mapping[str, str]:
        """Return the entries without a true gradient, as recorded."""
        return self.case.still[published]


def _own(key: str) -> str:
    """Return our name of an entry of F: ``conv_0.2.weight`` is ``layers.0.2.weight``."""
    return key.replace("conv_", "layers.")
