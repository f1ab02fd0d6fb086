# CUT with a foreground mask, which is kept small, on the embedded data set: the background stays that of the input.
_base_ = "i2ikit::cut/stripes.py"

plugins = ["i2ikit-attention"]

AREA = dict(type="MeanTerm", image="ab(a).mask", weight=0.5)

model = dict(generators=dict(ab=dict(mask=True)), phases=dict(generate=dict(terms=dict(area=AREA))))
train = dict(steps=4000)
