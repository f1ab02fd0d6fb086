# Faces of Russian Blue cats and of Grumpy cats.
_base_ = "./folders_256.py"

data = dict(train=dict(root="datasets/grumpifycat"), test=dict(root="datasets/grumpifycat"))
