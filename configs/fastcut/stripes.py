# FastCUT on the embedded data set, on a CPU: small networks, averaged weights, and an input skip for colours.
_base_ = ["../_base_/methods/fastcut.py", "../_base_/data/stripes.py"]

TAPS = ["down1", "down2", "block1", "block3"]

model = dict(
    generators=dict(ab=dict(filters=16, blocks=4, antialias_down=False, init="normal", input_skip=True)),
    discriminators=dict(b=dict(filters=32, antialias=False, init="normal")),
    heads=dict(f=dict(taps=TAPS, dim=64)),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(
        discriminate=dict(optimizer=dict(lr=1e-4)),
        generate=dict(terms=dict(content=dict(taps=TAPS))),
    ),
)
