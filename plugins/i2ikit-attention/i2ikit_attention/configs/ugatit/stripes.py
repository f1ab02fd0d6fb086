# U-GAT-IT's generator on the embedded data set, in minutes on a CPU: small networks and averaged weights.
_base_ = [
    "../_base_/methods/ugatit.py",
    "i2ikit::_base_/data/stripes.py",
    "i2ikit::_base_/networks/small.py",
]

GENERATOR = dict(filters=16, blocks=2)

model = dict(
    generators=dict(ab=GENERATOR, ba=GENERATOR),
    discriminators=dict(a=_base_.SMALL_DISCRIMINATOR, b=_base_.SMALL_DISCRIMINATOR),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(discriminate=_base_.SMALL_DISCRIMINATE),
)
train = dict(steps=4000)
