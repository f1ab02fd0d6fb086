"""QS-Attn, Hu et al. 2022, arXiv:2203.08483, local attention selects positions, global attention routes values."""

_base_ = "qs_global.py"

LOCAL = dict(sampler=dict(type="QSAttnLocalGlobalSampler"))
model = dict(phases=dict(generate=dict(terms=dict(content=LOCAL, identity=LOCAL))))
