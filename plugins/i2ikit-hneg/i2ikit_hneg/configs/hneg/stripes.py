# SRC and hDCE on the embedded data set, in minutes on a CPU: CUT's small networks.
_base_ = ["../_base_/methods/hneg.py", "i2ikit::_base_/data/stripes.py", "i2ikit::_base_/networks/small_cut.py"]

EPOCHS = 10  # 5000 steps of 500 images
RELATED = dict(negatives=dict(gamma_schedule=dict(last=EPOCHS)))

model = dict(
    phases=dict(
        generate=dict(terms=dict(content=RELATED, identity=RELATED, relations=dict(taps=_base_.SMALL_TAPS))),
    ),
)
