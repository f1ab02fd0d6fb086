# AttentionGAN on the embedded data set, in minutes on a CPU: small networks, averaged weights, and an input skip.
_base_ = [
    "../_base_/methods/attentiongan.py",
    "i2ikit::_base_/data/stripes.py",
    "i2ikit::_base_/networks/small.py",
]

GENERATOR = dict(filters=16, blocks=4, masks=4, input_skip=True)

model = dict(
    generators=dict(ab=GENERATOR, ba=GENERATOR),
    discriminators=dict(a=_base_.SMALL_DISCRIMINATOR, b=_base_.SMALL_DISCRIMINATOR),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(discriminate=_base_.SMALL_DISCRIMINATE),
)
train = dict(steps=4000)
