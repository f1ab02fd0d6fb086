# CUT with a foreground mask on the embedded data set, in minutes on a CPU: the config of `make demo`.
_base_ = ["../cut/stripes.py", "../_base_/recipes/masked.py"]

model = dict(
    # Scores that see a part of an animal leave the landscape alone; with 3 layers it gets flecks.
    discriminators=dict(b=dict(layers=2)),
    averages=dict(ab_mean=dict(momentum=0.998)),
    phases=dict(discriminate=dict(optimizer=dict(lr=2e-4)), generate=dict(optimizer=dict(lr=4e-4))),
)
train = dict(steps=4000)
