# FastCUT on the embedded data set, on a CPU: small networks, averaged weights, and an input skip for colors. With the
# published content weight, 10, networks as small as these learn no stripes in this time.
_base_ = ["../_base_/methods/fastcut.py", "../_base_/networks/small.py", "../_base_/data/stripes.py"]

model = dict(
    generators=dict(ab=_base_.SMALL_GENERATOR),
    discriminators=dict(b=_base_.SMALL_DISCRIMINATOR),
    heads=dict(f=_base_.SMALL_HEAD),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(
        discriminate=_base_.SMALL_DISCRIMINATE,
        generate=dict(terms=dict(content=dict(taps=_base_.SMALL_TAPS, weight=2.0))),
    ),
)
