_base_ = ["../_base_/data/horse2zebra.py", "../_base_/published/enco.py"]
