# CycleGAN on the embedded data set, in minutes on a CPU: small networks, and an input skip that keeps the colours.
_base_ = ["../_base_/methods/cyclegan.py", "../_base_/data/stripes.py"]

GENERATOR = dict(filters=16, blocks=4, input_skip=True)

model = dict(
    generators=dict(ab=GENERATOR, ba=GENERATOR),
    discriminators=dict(a=dict(filters=32), b=dict(filters=32)),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999), ba_mean=dict(of="generators.ba", momentum=0.999)),
    phases=dict(discriminate=dict(optimizer=dict(lr=1e-4))),
)
