# Photos of horses and of zebras.
_base_ = "./folders_256.py"

data = dict(train=dict(root="datasets/horse2zebra"), test=dict(root="datasets/horse2zebra"))
