# Paintings by Monet and photos of landscapes.
_base_ = "./folders_256.py"

data = dict(train=dict(root="datasets/monet2photo"), test=dict(root="datasets/monet2photo"))
