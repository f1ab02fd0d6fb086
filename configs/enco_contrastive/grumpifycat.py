_base_ = ["../_base_/data/grumpifycat.py", "../_base_/recipes/enco_contrastive.py"]
