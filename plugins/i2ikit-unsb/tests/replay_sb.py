"""Replays of UNSB, whose parts are in the plugin i2ikit-unsb."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import parity
import torch
from torch import Tensor, nn

from i2ikit.generators import ResNetGenerator
from i2ikit.inference.interop import published_taps
from i2ikit.inference.interop.options.networks import initializer
from i2ikit.inference.interop.options.objective import adam, method_base, set_losses, terms_of
from i2ikit.translation import UnpairedTranslation

NETWORKS = {"G": "generators.ab", "D": "discriminators.b", "E": "discriminators.e"}
CHAINS = ("A", "B", "A2")  # by the number of a chain
BLOCKS = 9


class Replay(parity.Replay):
    """A case of UNSB."""

    losses: ClassVar = {
        **parity.LOSSES,
        "NCE": ("content", ("lambda_NCE",)),
        "NCE_Y": ("identity", ("lambda_NCE",)),
        "SB": ("bridge", ()),
        "D": ("discriminate", ()),
        "E": ("estimate", ()),
    }

    def build(self) -> tuple[dict[str, Any], UnpairedTranslation]:
        """Return config and model of the published options."""
        options = self.case.options
        config = method_base("unsb")
        model, terms = config["model"], config["model"]["phases"]["generate"]["terms"]
        shared = {"filters": options["ngf"], **initializer(options)}
        model["generators"]["ab"].update(blocks=BLOCKS, style_layers=1 + options["n_mlp"], **shared)
        for network in model["discriminators"].values():
            network.update(filters=options["ndf"], **initializer(options))
        with torch.device("meta"):
            plain = ResNetGenerator(filters=options["ngf"], blocks=BLOCKS)
        taps = published_taps(plain, [int(each) for each in options["nce_layers"].split(",")], encode_only=True)
        model["heads"]["f"].update(taps=taps, dim=options["netF_nc"], **initializer(options))
        for term in terms_of(model, "PatchTerm"):
            term.update(taps=taps, weight=0.5 * options["lambda_NCE"] ** 2)
            term["loss"]["tau"] = options["nce_T"]
        model["views"]["z"]["size"] = 4 * options["ngf"]
        bridge = [*(view for name, view in model["views"].items() if name not in ("z", "pair")), terms["bridge"]]
        for part in bridge:
            part["steps"] = options["num_timesteps"]
        model["views"]["whole"]["length"] = options["num_timesteps"] - 1
        model["views"]["step"]["tau"] = terms["bridge"]["tau"] = options["tau"]
        terms["bridge"]["weight"], terms["gan"]["weight"] = options["lambda_SB"], options["lambda_GAN"]
        set_losses(model, options)
        adam(config, options)
        return config, parity.waiting_model(model, ("a", "b", "a2"))

    def network(self, published: str) -> tuple[str, nn.Module]:
        """Return full name and module of a network."""
        if published in NETWORKS:
            return NETWORKS[published], self.model.networks[NETWORKS[published]]
        return super().network(published)

    def names(self, published: str) -> Iterator[tuple[str, str]]:
        """Yield published and own entry for every weight of G, D or E that acts."""
        rename = _of_generator if published == "G" else _of_discriminator
        own = self.network(published)[1].state_dict()
        yield from ((entry, rename(entry)) for entry, _ in self.case.networks[published] if rename(entry) in own)

    def load(self, published: str) -> None:
        """Load the weights that a network started from."""
        if published not in NETWORKS:
            super().load(published)
            return
        weights = self.case.weights(published)
        self.network(published)[1].load_state_dict({own: weights[entry] for entry, own in self.names(published)})

    def state(self, published: str) -> Mapping[str, Tensor]:
        """Return the published state dict of a network; what never acts as it was."""
        if published not in NETWORKS:
            return super().state(published)
        own = self.network(published)[1].state_dict()
        return {**self.case.weights(published), **{entry: own[key] for entry, key in self.names(published)}}

    def batch(self, step: int) -> dict[str, Tensor]:
        """Return the images of a step by name."""
        second = "B2" if self.case.options["direction"] == "BtoA" else "A2"
        return {**self.case.directed(super().batch(step)), "a2": self.case.pixels(f"step{step}/real_{second}")}

    def inject(self, step: int) -> None:
        """Replace time, latents, noise and positions by the recorded ones."""
        super().inject(step)
        time = int(self.case.drawn(step, "time"))
        for name in ("t", "chain"):
            self.model.views[name].sample = lambda *_: time
        self.model.views["z"].forward = lambda *_, expression, **__: self._latent(step, expression)
        self.model.views["step"].noise = lambda _, __, expression, ___: self._noise(step, expression)

    def _latent(self, step: int, numbers: str) -> Tensor:
        """Return the latents of ``z(NUMBERS)``."""
        which, *place = (int(each) for each in numbers.split(","))
        if place:
            return self.case.drawn(step, f"chain{place[0]}/{self._chain(which)}/z")
        first, second = self.case.drawn(step, "z").chunk(2)
        nce = [f"nce/call{call}/z" for call in (0, 1)]
        return [first, self.case.drawn(step, "z2"), second, *(self.case.drawn(step, name) for name in nce)][which]

    def _noise(self, step: int, expression: str) -> Tensor:
        """Return the noise of a step of the bridge."""
        chain = re.search(r"z\((\d), ", expression)
        assert chain is not None
        return self.case.drawn(step, f"chain{expression.rpartition(', ')[2]}/{self._chain(int(chain[1]))}/noise")

    def _chain(self, number: int) -> str:
        """Return the recorded name of a chain: A is the source, B the target, whatever the direction."""
        return CHAINS[number]

    def made(self, step: int) -> Iterator[tuple[str, Tensor]]:
        """Yield nothing: what the generator makes depends on the random numbers of the step, which the losses show."""
        return iter(())

    def apart(self, published: str) -> Mapping[str, str]:
        """Return the entries without a true gradient, as recorded."""
        return self.case.still[published]


def _of_generator(entry: str) -> str:
    """Return our name of an entry of G."""
    part, number, rest = entry.split(".", 2)
    if part == "model":
        return f"stages.{ {'1': 'stem.conv', '4': 'down1_conv', '8': 'down2_conv'}.get(number) }.{rest}"
    if part == "model_upsample":
        return f"stages.{ {'1': 'up1.conv', '5': 'up2.conv', '9': 'out.conv'}.get(number) }.{rest}"
    if part == "z_transform":
        return f"style.layers.{int(number) - 1}.{rest}"
    rest = rest.replace("conv_fin.2", "change.conv").replace("adaptive.style_net", "fc")
    return f"stages.block{int(number) + 1}.{rest}" if part == "model_res" else ""


def _of_discriminator(entry: str) -> str:
    """Return our name of an entry of D or E."""
    if entry.startswith("t_embed.main."):
        return entry.replace("t_embed.main.", "embed.")
    if entry.startswith("model_main.0.dense."):
        return entry.replace("model_main.0.dense.", "add.")
    entry = entry.replace("final_conv.", "stages.score.")
    found = re.fullmatch(r"model_main\.(\d)\.conv1\.(\w+)", entry)
    return f"stages.layer{int(found[1]) + 1}.conv.{found[2]}" if found else entry
