_base_ = ["../_base_/data/maps.py", "../_base_/published/enco.py"]
