# CUT on the embedded data set with one term more: the edges of the output stay where those of the input are.
_base_ = "i2ikit::cut/stripes.py"

plugins = ["i2ikit-example"]
EDGES = dict(type="PixelTerm", image="ab(a)", target="a", loss=dict(type="EdgeLoss"), weight=0.1)
model = dict(phases=dict(generate=dict(terms=dict(edges=EDGES))))
