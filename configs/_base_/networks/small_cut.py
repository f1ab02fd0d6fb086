# The small networks in CUT and the methods that extend it: a base that goes after the method's.
_base_ = "./small.py"

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
