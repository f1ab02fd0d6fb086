# QS-Attn on the embedded data set, in minutes on a CPU: small networks, an input skip that keeps the colours.
_base_ = ["../_base_/methods/qs_local_global.py", "i2ikit::_base_/data/stripes.py"]

TAPS = ["stem", "down1", "down2", "block1", "block3"]

model = dict(
    generators=dict(ab=dict(filters=24, blocks=4, antialias_down=False, init="normal", input_skip=True)),
    discriminators=dict(b=dict(filters=32, antialias=False, init="normal")),
    heads=dict(f=dict(taps=TAPS, dim=64)),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(generate=dict(terms=dict(content=dict(taps=TAPS), identity=dict(taps=TAPS)))),
)
