# NEGCUT on the embedded data set, in minutes on a CPU: CUT's small networks.
_base_ = ["../_base_/methods/negcut.py", "i2ikit::_base_/data/stripes.py", "i2ikit::_base_/networks/small_cut.py"]

GENERATED = dict(taps=_base_.SMALL_TAPS)
NEGATIVES = dict(negatives=GENERATED)
AGAINST = dict(taps=_base_.SMALL_TAPS, negatives=GENERATED)

model = dict(
    heads=dict(hard=_base_.SMALL_HEAD),
    phases=dict(
        harden=dict(terms=dict(against_content=AGAINST, against_identity=AGAINST, variety=NEGATIVES)),
        generate=dict(terms=dict(content=NEGATIVES, identity=NEGATIVES)),
    ),
)
