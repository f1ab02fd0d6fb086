# Label maps to photos of facades; the published folders hold the photos in A and the labels in B.
_base_ = "./folders_256.py"

ROOT = dict(root="datasets/facades", direction="BtoA")

data = dict(train=ROOT, test=ROOT)
