# Faces of cats and of dogs, from AFHQ, in folders trainA trainB testA testB.
_base_ = "./folders_256.py"

data = dict(train=dict(root="datasets/cat2dog"), test=dict(root="datasets/cat2dog"))
