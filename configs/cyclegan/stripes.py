# CycleGAN on the embedded data set, in minutes on a CPU: small networks, and an input skip that keeps the colors.
_base_ = ["../_base_/methods/cyclegan.py", "../_base_/networks/small.py", "../_base_/data/stripes.py"]

model = dict(
    generators=dict(ab=_base_.SMALL_GENERATOR, ba=_base_.SMALL_GENERATOR),
    discriminators=dict(a=_base_.SMALL_DISCRIMINATOR, b=_base_.SMALL_DISCRIMINATOR),
    averages=dict(ab_mean=dict(of="generators.ab", momentum=0.999), ba_mean=dict(of="generators.ba", momentum=0.999)),
    phases=dict(discriminate=_base_.SMALL_DISCRIMINATE),
)
