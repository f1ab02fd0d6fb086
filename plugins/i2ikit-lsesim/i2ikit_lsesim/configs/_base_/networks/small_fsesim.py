# The small networks in FSeSim and LSeSim, and random weights in the extractor, so that there is nothing to download:
# a base that goes after the method's.
_base_ = "i2ikit::_base_/networks/small.py"

model = dict(
    generators=dict(ab=_base_.SMALL_GENERATOR),
    discriminators=dict(b=_base_.SMALL_DISCRIMINATOR),
    extractors=dict(vgg=dict(weights="random", filters=16)),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999)),
    phases=dict(generate=dict(optimizer=dict(lr=2e-4))),
)
train = dict(steps=5000)
