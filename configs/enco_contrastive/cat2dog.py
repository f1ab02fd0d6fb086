_base_ = ["../_base_/data/cat2dog.py", "../_base_/published/enco_contrastive.py"]
