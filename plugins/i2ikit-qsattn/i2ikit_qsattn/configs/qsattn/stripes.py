# QS-Attn on the embedded data set, in minutes on a CPU: CUT's small networks. A map of 16 x 16 places has little to
# select from: a quarter of them is taken.
_base_ = ["../_base_/methods/qs_global.py", "i2ikit::_base_/networks/small.py", "i2ikit::_base_/data/stripes.py"]

CONTENT = dict(taps=_base_.SMALL_TAPS, sampler=dict(num=64, random_layers=2))

model = dict(
    generators=dict(ab=_base_.SMALL_GENERATOR),
    discriminators=dict(b=_base_.SMALL_DISCRIMINATOR),
    heads=dict(f=_base_.SMALL_HEAD),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(
        discriminate=_base_.SMALL_DISCRIMINATE,
        generate=dict(terms=dict(content=CONTENT, identity=CONTENT)),
    ),
)
train = dict(steps=5000)
