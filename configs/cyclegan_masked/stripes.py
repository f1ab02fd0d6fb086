# CycleGAN with foreground masks on the embedded data set, in minutes on a CPU.
_base_ = ["../cyclegan/stripes.py", "../_base_/recipes/masked.py", "../_base_/networks/small_masked.py"]

train = dict(steps=2500)
