# QS-Attn with positions that local attention selects, on the embedded data set.
_base_ = "../qsattn/stripes.py"

LOCAL = dict(sampler=dict(type="QSAttnLocalGlobalSampler"))
model = dict(phases=dict(generate=dict(terms=dict(content=LOCAL, identity=LOCAL))))
