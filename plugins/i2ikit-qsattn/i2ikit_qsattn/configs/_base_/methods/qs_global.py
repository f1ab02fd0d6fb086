"""QS-Attn, Hu et al. 2022, arXiv:2203.08483: CUT whose deeper layers contrast what attention gathers.

The name is that of the published options, model `qs` with QS_mode `global`: so a recorded run of the authors' code
finds its config.
"""

_base_ = "i2ikit::_base_/methods/cut.py"

plugins = ["i2ikit-qsattn"]
ATTENDED = dict(sampler=dict(type="QSAttnGlobalSampler"), detach=["embedding"])  # gradient reaches the attention
model = dict(phases=dict(generate=dict(terms=dict(content=ATTENDED, identity=ATTENDED))))
