# FSeSim on the embedded data set, in minutes on a CPU: small networks, and an extractor with random weights.
_base_ = ["../_base_/methods/fsesim.py", "i2ikit::_base_/data/stripes.py", "../_base_/networks/small_fsesim.py"]
