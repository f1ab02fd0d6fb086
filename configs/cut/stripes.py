# CUT on the embedded data set, in minutes on a CPU: small networks, averaged weights, and an input skip for colors.
_base_ = ["../_base_/methods/cut.py", "../_base_/networks/small.py", "../_base_/data/stripes.py"]

CONTENT = dict(taps=_base_.SMALL_TAPS)

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
