# FastCUT on the embedded data set, on a CPU: small networks, averaged weights, and an input skip for colors. With the
# published content weight, 10, networks this small learn no stripes in this time.
_base_ = ["../_base_/methods/fastcut.py", "../_base_/data/stripes.py", "../_base_/networks/small_cut.py"]

model = dict(phases=dict(generate=dict(terms=dict(content=dict(weight=2.0), identity=None))))
train = dict(steps=6000)
