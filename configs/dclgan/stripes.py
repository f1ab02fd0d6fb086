# DCLGAN on the embedded data set, in minutes on a CPU: small networks, and an input skip that keeps the colors.
_base_ = ["../_base_/methods/dclgan.py", "../_base_/networks/small.py", "../_base_/data/stripes.py"]

CONTENT = dict(taps=_base_.SMALL_TAPS)

model = dict(
    generators=dict(ab=_base_.SMALL_GENERATOR, ba=_base_.SMALL_GENERATOR),
    discriminators=dict(a=_base_.SMALL_DISCRIMINATOR, b=_base_.SMALL_DISCRIMINATOR),
    heads=dict(ab=_base_.SMALL_HEAD, ba=_base_.SMALL_HEAD),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999), ba_mean=dict(of="generators.ba", momentum=0.999)),
    phases=dict(
        discriminate=_base_.SMALL_DISCRIMINATE,
        generate=dict(
            terms=dict(
                content_ab=CONTENT,
                content_ba=CONTENT,
                identity_a=dict(weight=5.0),  # ten times as published: keeps the colors in a short run
                identity_b=dict(weight=5.0),
            ),
        ),
    ),
)
