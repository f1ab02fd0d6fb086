_base_ = ["../_base_/data/cityscapes.py", "../_base_/published/fastcut.py"]
