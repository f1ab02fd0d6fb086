# QS-Attn on the embedded data set, in minutes on a CPU: CUT's small networks. A map of 16 x 16 positions has little to
# select from: a quarter of them is sampled.
_base_ = ["../_base_/methods/qs_global.py", "i2ikit::_base_/data/stripes.py", "i2ikit::_base_/networks/small_cut.py"]

CONTENT = dict(sampler=dict(num=64, random_layers=2))

model = dict(phases=dict(generate=dict(terms=dict(content=CONTENT, identity=CONTENT))))
