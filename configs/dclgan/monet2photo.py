_base_ = ["../_base_/data/monet2photo.py", "../_base_/published/dclgan.py"]
