_base_ = ["../_base_/data/facades.py", "../_base_/published/cut.py"]
