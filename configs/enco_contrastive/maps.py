_base_ = ["../_base_/data/maps.py", "../_base_/recipes/enco_contrastive.py"]
