# Label maps to photos of streets; the published folders hold the photos in A and the labels in B.
_base_ = "./folders_256.py"

ROOT = dict(root="datasets/cityscapes", direction="BtoA")

data = dict(train=ROOT, test=ROOT)
