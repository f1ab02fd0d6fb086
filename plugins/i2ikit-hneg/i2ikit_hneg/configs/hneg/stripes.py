# SRC and hDCE on the embedded data set, in minutes on a CPU: CUT's small networks.
_base_ = ["../_base_/methods/hneg.py", "i2ikit::_base_/networks/small.py", "i2ikit::_base_/data/stripes.py"]

EPOCHS = 10  # 5000 steps of 500 images
RELATED = dict(gamma_schedule=dict(last=EPOCHS))
CONTENT = dict(taps=_base_.SMALL_TAPS, negatives=RELATED)

model = dict(
    generators=dict(ab=_base_.SMALL_GENERATOR),
    discriminators=dict(b=_base_.SMALL_DISCRIMINATOR),
    heads=dict(f=_base_.SMALL_HEAD),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(
        discriminate=_base_.SMALL_DISCRIMINATE,
        generate=dict(terms=dict(content=CONTENT, identity=CONTENT, relations=dict(taps=_base_.SMALL_TAPS))),
    ),
)
train = dict(steps=5000)
