_base_ = ["../_base_/data/cityscapes.py", "../_base_/recipes/cyclegan.py"]
