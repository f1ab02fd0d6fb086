# Aerial photos and maps.
_base_ = "./folders_256.py"

data = dict(train=dict(root="datasets/maps"), test=dict(root="datasets/maps"))
