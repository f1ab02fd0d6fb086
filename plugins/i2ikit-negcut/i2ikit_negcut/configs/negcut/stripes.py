# NEGCUT on the embedded data set, in minutes on a CPU: CUT's small networks.
_base_ = ["../_base_/methods/negcut.py", "i2ikit::_base_/data/stripes.py"]

TAPS = ["down1", "down2", "block1", "block3"]
TERM = dict(taps=TAPS, negatives=dict(taps=TAPS))

model = dict(
    generators=dict(ab=dict(filters=16, blocks=4, antialias_down=False, init="normal", input_skip=True)),
    discriminators=dict(b=dict(filters=32, antialias=False, init="normal")),
    heads=dict(f=dict(taps=TAPS, dim=64), hard=dict(taps=TAPS, dim=64)),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(
        discriminate=dict(optimizer=dict(lr=1e-4)),
        harden=dict(
            terms=dict(against_content=TERM, against_identity=TERM, variety=dict(negatives=dict(taps=TAPS))),
        ),
        generate=dict(terms=dict(content=TERM, identity=TERM)),
    ),
)
train = dict(steps=5000)
