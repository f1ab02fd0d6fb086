# DCLGAN on the embedded data set, in minutes on a CPU: small networks, and an input skip that keeps the colours.
_base_ = ["../_base_/methods/dclgan.py", "../_base_/data/stripes.py"]

TAPS = ["down1", "down2", "block1", "block3"]
GENERATOR = dict(filters=16, blocks=4, antialias_down=False, init="normal", input_skip=True)
DISCRIMINATOR = dict(filters=32, antialias=False, init="normal")

model = dict(
    generators=dict(ab=GENERATOR, ba=GENERATOR),
    discriminators=dict(a=DISCRIMINATOR, b=DISCRIMINATOR),
    heads=dict(ab=dict(taps=TAPS, dim=64), ba=dict(taps=TAPS, dim=64)),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999), ba_mean=dict(of="generators.ba", momentum=0.999)),
    phases=dict(
        discriminate=dict(optimizer=dict(lr=1e-4)),
        generate=dict(
            terms=dict(
                content_ab=dict(taps=TAPS),
                content_ba=dict(taps=TAPS),
                identity_a=dict(weight=5.0),  # ten times as published: keeps the colours in a short run
                identity_b=dict(weight=5.0),
            ),
        ),
    ),
)
