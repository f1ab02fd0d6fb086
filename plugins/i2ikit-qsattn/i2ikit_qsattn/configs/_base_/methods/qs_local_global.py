"""QS-Attn, Hu et al. 2022, arXiv:2203.08483, places selected by local attention, values routed by global attention."""

_base_ = "qs_global.py"

LOCAL = dict(sampler=dict(type="QSAttnLocalGlobalSampler"))
model = dict(phases=dict(generate=dict(terms=dict(content=LOCAL, identity=LOCAL))))
