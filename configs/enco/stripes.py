# EnCo on the embedded data set, in minutes on a CPU: small networks, averaged weights, and an input skip for colours.
_base_ = ["../_base_/methods/enco.py", "../_base_/data/stripes.py"]

model = dict(
    generators=dict(ab=dict(filters=16, blocks=4, antialias_down=False, init="normal", input_skip=True)),
    discriminators=dict(b=dict(filters=32, antialias=False, init="normal")),
    heads=dict(f=dict(taps=["stem", "down1", "block1"], dim=64)),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.99)),
    phases=dict(
        discriminate=dict(optimizer=dict(lr=1e-4)),
        generate=dict(
            optimizer=dict(lr=4e-4),
            terms=dict(
                content=dict(taps=[("stem", "up2"), ("down1", "up1"), ("block1", "block3")], weight=2.0),
                identity=dict(weight=10.0),
            ),
        ),
    ),
)
