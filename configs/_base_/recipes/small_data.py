"""For a few hundred images or fewer: random changes in front of the discriminators, and averaged generators.

Every image that enters a discriminator, real or generated, is changed at random, so that it cannot learn the real
images by heart; see docs/small-data.md. A discriminator that has an ``augment`` keeps it.
"""

from i2ikit.config.recipes import averages_of

AUGMENT = dict(type="DiffAugment")
WITHOUT = [name for name, part in _base_.model.discriminators.items() if part and not part.get("augment")]

model = dict(
    discriminators={name: dict(augment=AUGMENT) for name in WITHOUT},
    averages=averages_of(_base_.model, 0.999),
)
