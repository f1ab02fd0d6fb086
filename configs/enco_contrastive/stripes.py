# EnCo's contrastive form on the embedded data set, in minutes on a CPU: small networks, and an input skip that keeps
# the colors.
_base_ = ["../_base_/methods/enco_contrastive.py", "../_base_/data/stripes.py", "../_base_/networks/small_enco.py"]
