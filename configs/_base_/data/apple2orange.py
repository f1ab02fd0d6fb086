# Photos of apples and of oranges.
_base_ = "./folders_256.py"

data = dict(train=dict(root="datasets/apple2orange"), test=dict(root="datasets/apple2orange"))
