# MoNCE on the embedded data set, in minutes on a CPU: CUT's small networks.
_base_ = ["../_base_/methods/monce.py", "i2ikit::_base_/data/stripes.py", "i2ikit::_base_/networks/small_cut.py"]
