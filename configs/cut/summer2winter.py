_base_ = ["../_base_/data/summer2winter.py", "../_base_/published/cut.py"]
