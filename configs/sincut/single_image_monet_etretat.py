_base_ = ["../_base_/data/single_image_monet_etretat.py", "../_base_/published/sincut.py"]
