"""Replays of SANTA, whose parts are in the plugin i2ikit-santa."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import parity
import torch
from torch import Tensor

from i2ikit.inference.interop.options.networks import discriminator, initializer
from i2ikit.inference.interop.options.objective import adam, method_base, set_losses
from i2ikit.translation import UnpairedTranslation

WEIGHTS = {"gan": "lambda_GAN", "reconstruction": "lambda_rec", "identity": "lambda_idt", "latent": "lambda_kl"}
BLOCKS = 9  # of both networks together
PARTS = {"1.weight": "conv1.weight", "1.bias": "conv1.bias", "5.weight": "conv2.weight", "5.bias": "conv2.bias"}
STYLED = {f"{n}.fc.{kind}": f"norm{m}.fc.{kind}" for n, m in ((2, 1), (6, 2)) for kind in ("weight", "bias")}


class Replay(parity.Replay):
    """A case of SANTA."""

    losses: ClassVar = {
        **parity.LOSSES,
        "G_rec": ("reconstruction", ()),
        "G_idt": ("identity", ()),
        "G_kl": ("latent", ()),
        "G_path": ("path", ()),
        "D": ("discriminate", ()),
    }
    unreported = ("d1", "d2", "energy_")  # recorded random numbers, and parts of G_path

    def build(self) -> tuple[dict[str, Any], UnpairedTranslation]:
        """Return config and model of the published options."""
        options = self.case.options
        config = method_base("santa")
        model, terms = config["model"], config["model"]["phases"]["generate"]["terms"]
        shared = {"filters": options["ngf"], **initializer(options)}
        model["generators"]["enc"].update(blocks=BLOCKS // 2, antialias=not options["no_antialias"], **shared)
        model["generators"]["dec"].update(
            blocks=BLOCKS - BLOCKS // 2,
            style=options["style_dim"],
            antialias=not options["no_antialias_up"],
            **shared,
        )
        model["discriminators"]["b"] = discriminator(options)
        model["views"]["noise"]["std"] = options["noise_std"]
        taps = self._taps(antialias=not options["no_antialias_up"])
        terms["path"]["taps"] = [taps[int(number)] for number in options["path_layers"].split(",")]
        terms["path"]["weight"] = options["lambda_path"]
        for name, option in WEIGHTS.items():
            terms[name]["weight"] = options[option]
        set_losses(model, options)
        adam(config, options)
        return config, parity.waiting_model(model)

    @staticmethod
    def _taps(*, antialias: bool) -> dict[int, str]:
        """Return the taps of the decoder by their published numbers."""
        names = [f"block{n}" for n in range(1, BLOCKS - BLOCKS // 2 + 1)]
        for name in ("up1", "up2"):
            names += [f"{name}_conv_blur"] * antialias + [f"{name}_conv", name, name]
        return dict(enumerate([*names, "last_pad", "last", "out"]))

    def names(self) -> Iterator[tuple[str, str, str]]:
        """Yield published entry, our generator and its entry for every weight of G."""
        for entry, _ in self.case.networks["G"]:
            part, _, rest = entry.partition(".")
            number, _, rest = rest.partition(".")
            if part == "domain_embedding":
                yield entry, "dec", "styles"
                continue
            own = (self._encoder() if part == "encoder" else self._decoder()).get(int(number))
            if own is None or rest == "filt":
                continue
            if rest.startswith("conv_block."):
                rest = (PARTS | STYLED)[rest.removeprefix("conv_block.")]
            yield entry, part[:3], f"stages.{own}.{rest}"

    def _encoder(self) -> dict[int, str]:
        """Return our stages by their published numbers in the encoder."""
        down2, first = (7, 10) if self.case.options["no_antialias"] else (8, 12)
        blocks = {first + n: f"block{n + 1}" for n in range(BLOCKS // 2)}
        return {1: "stem.conv", 4: "down1_conv", down2: "down2_conv", **blocks}

    def _decoder(self) -> dict[int, str]:
        """Return our stages by their published numbers in the decoder."""
        found = {n: f"block{n + 1}" for n in range(BLOCKS - BLOCKS // 2)}
        if self.case.options["no_antialias_up"]:
            return {**found, 5: "up1_conv", 6: "up1", 8: "up2_conv", 9: "up2", 12: "last.conv"}
        return {**found, 6: "up1_conv.conv", 7: "up1", 10: "up2_conv.conv", 11: "up2", 14: "last.conv"}

    def load(self, published: str) -> None:
        """Load the weights that a network started from."""
        if published != "G":
            super().load(published)
            return
        weights = self.case.weights("G")
        states: dict[str, dict[str, Tensor]] = {"enc": {}, "dec": {}}
        for entry, generator, own in self.names():
            states[generator][own] = weights[entry]
        for generator, state in states.items():
            if self.model.generators[generator].state_dict().get("styles") is None:
                state.pop("styles", None)
            self.model.generators[generator].load_state_dict(state)

    def state(self, published: str) -> Mapping[str, Tensor]:
        """Return the published state dict of a network; filters, and a table that is not used, as they were."""
        if published != "G":
            return super().state(published)
        own = {name: self.model.generators[name].state_dict() for name in ("enc", "dec")}
        found = {entry: own[generator][key] for entry, generator, key in self.names() if key in own[generator]}
        return {**self.case.weights("G"), **found}

    def batch(self, step: int) -> dict[str, Tensor]:
        """Return the images of a step by name."""
        return self.case.directed(super().batch(step))

    def inject(self, step: int) -> None:
        """Replace noise and positions by the recorded ones."""
        noise = self.case.drawn(step, "latent_noise")
        rows = {"enc(a)": noise[:1], "enc(b)": noise[1:]}
        center, u = self.case.drawn(step, "path_center"), self.case.drawn(step, "path_interval")
        views = self.model.views
        views["noise"].forward = lambda image, *, expression, **_: image + rows[expression]
        views["far"].forward = lambda *_, **__: (center + u).clamp_max(1)
        views["near"].forward = lambda *_, **__: (center - u).clamp_min(0)

    def made(self, step: int) -> Iterator[tuple[str, Tensor]]:
        """Yield what the networks make before the step's updates, with the recorded noise."""
        batch, (enc, dec) = self.batch(step), (self.model.generators[name] for name in ("enc", "dec"))
        noise = self.case.drawn(step, "latent_noise")
        with torch.no_grad():
            a, b = enc(batch["a"]) + noise[:1], enc(batch["b"]) + noise[1:]
            made = {"fake_B": dec(a), "rec_A": dec(a, torch.zeros(1).double()), "idt_B": dec(b)}
        yield from ((name, image) for name, image in made.items() if f"step{step}/{name}" in self.case.steps)

    def apart(self, published: str) -> Mapping[str, str]:
        """Return the entries without a true gradient, as recorded."""
        return self.case.still[published]
