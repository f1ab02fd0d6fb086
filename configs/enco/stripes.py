# EnCo on the embedded data set, in minutes on a CPU: small networks, averaged weights, and an input skip for colors.
_base_ = ["../_base_/methods/enco.py", "../_base_/data/stripes.py", "../_base_/networks/small_enco.py"]

model = dict(
    averages=dict(ab_mean=dict(momentum=0.99)),
    phases=dict(generate=dict(optimizer=dict(lr=4e-4), terms=dict(content=dict(weight=2.0)))),
)
