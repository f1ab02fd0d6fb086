_base_ = ["../_base_/data/grumpifycat.py", "../_base_/published/simdcl.py"]
