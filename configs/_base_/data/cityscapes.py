# Label maps to photos of streets; the published folders hold the photos in A and the labels in B.
_base_ = "./folders_256.py"

data = dict(train=dict(root="datasets/cityscapes", direction="BtoA"), test=dict(root="datasets/cityscapes", direction="BtoA"))
