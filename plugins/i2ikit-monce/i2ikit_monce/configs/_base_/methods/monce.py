"""MoNCE, Zhan et al. 2022, arXiv:2203.09333: CUT whose negatives are weighted by an optimal transport."""

_base_ = "i2ikit::_base_/methods/cut.py"

plugins = ["i2ikit-monce"]

HARD = dict(_delete_=True, type="HardTransportNegatives", epsilon=0.1)

model = dict(phases=dict(generate=dict(terms=dict(content=dict(negatives=HARD), identity=dict(negatives=HARD)))))
