# NEGCUT on the embedded data set, in minutes on a CPU: CUT's small networks.
_base_ = ["../_base_/methods/negcut.py", "i2ikit::_base_/networks/small.py", "i2ikit::_base_/data/stripes.py"]

GENERATED = dict(taps=_base_.SMALL_TAPS)
CONTENT = dict(taps=_base_.SMALL_TAPS, negatives=GENERATED)

model = dict(
    generators=dict(ab=_base_.SMALL_GENERATOR),
    discriminators=dict(b=_base_.SMALL_DISCRIMINATOR),
    heads=dict(f=_base_.SMALL_HEAD, hard=_base_.SMALL_HEAD),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(
        discriminate=_base_.SMALL_DISCRIMINATE,
        harden=dict(terms=dict(against_content=CONTENT, against_identity=CONTENT, variety=dict(negatives=GENERATED))),
        generate=dict(terms=dict(content=CONTENT, identity=CONTENT)),
    ),
)
train = dict(steps=5000)
