"""Terms on the features of a discriminator, such as feature matching."""

import torch

from i2ikit.discriminators.patchgan import PatchGANDiscriminator
from i2ikit.losses.pixel import L1Loss
from i2ikit.terms.feature import FeatureTerm

AB, DB = "generators.ab", "discriminators.b"


def test_feature_matching_trains_the_generator_and_shares_the_discriminators_pass(
    model, trainer, batch, adversarial, discriminating
):
    batch = {name: torch.nn.functional.interpolate(x, size=(24, 24)) for name, x in batch.items()}
    matching = FeatureTerm(DB, "ab(a)", "b", ["layer1", "layer2"], L1Loss())
    phases = {
        "discriminate": ([DB], {"d": discriminating()}),
        "generate": ([AB], {"gan": adversarial(), "matching": matching}),
    }
    discriminator = PatchGANDiscriminator(filters=2, layers=2, init="kaiming")
    calls: list[int] = []
    discriminator.stages.layer1.register_forward_pre_hook(lambda _, inputs: calls.append(len(inputs[0])))
    built = model(phases, discriminators={"b": discriminator})
    run = trainer(built, rate=0)
    values = run.step(batch)
    assert calls == [2, 1, 1]  # real and fake; then the fake with its graph, and the real image without
    assert run.reached == {"discriminate": {DB}, "generate": {AB}}
    with torch.no_grad():
        fake = discriminator.trace(built.generators["ab"](batch["a"]), ["layer1", "layer2"])
        real = discriminator.trace(batch["b"], ["layer1", "layer2"])
        expected = sum((fake[tap] - real[tap]).abs().mean() for tap in fake) / 2
    torch.testing.assert_close(values["matching"], expected)
