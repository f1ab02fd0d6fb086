# The small networks in EnCo and its contrastive form: a base that goes after the method's.
_base_ = "./small.py"

model = dict(
    generators=dict(ab=_base_.SMALL_GENERATOR),
    discriminators=dict(b=_base_.SMALL_DISCRIMINATOR),
    heads=dict(f=_base_.SMALL_PAIRED_HEAD),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(
        discriminate=_base_.SMALL_DISCRIMINATE,
        generate=dict(
            optimizer=dict(lr=2e-4),
            terms=dict(
                content=dict(taps=_base_.SMALL_PAIRS, weight=1.0),
                identity=dict(weight=10.0),
            ),
        ),
    ),
)
