# EnCo with a foreground mask, which is kept small, on the embedded data set: the background stays that of the input.
_base_ = "i2ikit::enco_masked/stripes.py"

plugins = ["i2ikit-attention"]
