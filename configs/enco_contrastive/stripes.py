# EnCo's contrastive form on the embedded data set, in minutes on a CPU: small networks, and an input skip that keeps
# the colours.
_base_ = ["../_base_/methods/enco_contrastive.py", "../_base_/data/stripes.py"]

TAPS = ["stem", "down1", "block1"]

model = dict(
    generators=dict(ab=dict(filters=24, blocks=4, init="normal", input_skip=True)),
    discriminators=dict(b=dict(filters=32, init="normal")),
    heads=dict(f=dict(taps=TAPS, dim=64)),
    phases=dict(
        generate=dict(
            optimizer=dict(lr=2e-4),
            terms=dict(
                content=dict(taps=[("stem", "up2"), ("down1", "up1"), ("block1", "block3")], weight=1.0),
                identity=dict(weight=10.0),
            ),
        ),
    ),
)
