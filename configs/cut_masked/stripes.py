# CUT with a foreground mask on the embedded data set, in minutes on a CPU.
_base_ = ["../cut/stripes.py", "../_base_/recipes/masked.py", "../_base_/networks/small_masked.py"]

# The mask keeps the content of what stays; a large weight would keep the brightness of what changes too.
model = dict(phases=dict(generate=dict(terms=dict(content=dict(weight=0.1)))))
