_base_ = ["../_base_/data/facades.py", "../_base_/recipes/enco_contrastive.py"]
