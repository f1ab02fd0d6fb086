# SANTA on the embedded data set, in minutes on a CPU: small networks and averaged weights.
_base_ = [
    "../_base_/methods/santa.py",
    "i2ikit::_base_/data/stripes.py",
    "i2ikit::_base_/networks/small.py",
]

SMALL = dict(filters=16, init="normal")

model = dict(
    generators=dict(enc=dict(SMALL, blocks=2, antialias=False), dec=dict(SMALL, blocks=2)),
    discriminators=dict(b=_base_.SMALL_DISCRIMINATOR),
    averages=dict(
        enc_mean=dict(of="generators.enc", momentum=0.999),
        dec_mean=dict(of="generators.dec", momentum=0.999),
    ),
    phases=dict(
        discriminate=_base_.SMALL_DISCRIMINATE,
        generate=dict(terms=dict(path=dict(taps=["block1", "block2", "up1_conv", "up2_conv", "last"]))),
    ),
)
train = dict(steps=5000)
