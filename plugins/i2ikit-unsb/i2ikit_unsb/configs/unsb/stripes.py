# UNSB on the embedded data set, in minutes on a CPU: small networks, averaged weights, three steps.
_base_ = [
    "../_base_/methods/unsb.py",
    "i2ikit::_base_/data/stripes.py",
    "i2ikit::_base_/networks/small.py",
]

STEPS = 3
TAPS = dict(taps=_base_.SMALL_TAPS)
DISCRIMINATOR = dict(_base_.SMALL_DISCRIMINATOR)

model = dict(
    generators=dict(ab=dict(filters=16, blocks=4, antialias_down=False, init="normal")),
    discriminators=dict(b=DISCRIMINATOR, e=DISCRIMINATOR),
    heads=dict(f=_base_.SMALL_HEAD),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    views=dict(
        z=dict(size=64),
        t=dict(steps=STEPS),
        chain=dict(steps=STEPS),
        whole=dict(steps=STEPS, length=STEPS - 1),
        step=dict(steps=STEPS),
    ),
    phases=dict(
        discriminate=_base_.SMALL_DISCRIMINATE,
        generate=dict(terms=dict(bridge=dict(steps=STEPS), content=TAPS, identity=TAPS)),
    ),
)
train = dict(steps=5000)
