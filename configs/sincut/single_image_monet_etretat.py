_base_ = [
    "../_base_/run.py",
    "../_base_/methods/sincut.py",
    "../_base_/schedules/linear_8_8.py",
    "../_base_/data/single_image_monet_etretat.py",
]
