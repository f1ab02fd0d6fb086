_base_ = [
    "../_base_/run.py",
    "../_base_/methods/cyclegan.py",
    "../_base_/schedules/linear_100_100.py",
    "../_base_/data/facades.py",
]
