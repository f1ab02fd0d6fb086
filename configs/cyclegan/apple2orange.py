_base_ = ["../_base_/data/apple2orange.py", "../_base_/published/cyclegan.py"]
