# CUT on the embedded data set, in minutes on a CPU: small networks, averaged weights, and an input skip for colors.
_base_ = ["../_base_/methods/cut.py", "../_base_/data/stripes.py", "../_base_/networks/small_cut.py"]
