# Label maps to photos of facades; the published folders hold the photos in A and the labels in B.
_base_ = "./folders_256.py"

data = dict(train=dict(root="datasets/facades", direction="BtoA"), test=dict(root="datasets/facades", direction="BtoA"))
