# Photos of Yosemite in summer and in winter.
_base_ = "./folders_256.py"

data = dict(train=dict(root="datasets/summer2winter_yosemite"), test=dict(root="datasets/summer2winter_yosemite"))
