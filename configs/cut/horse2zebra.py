_base_ = [
    "../_base_/run.py",
    "../_base_/methods/cut.py",
    "../_base_/schedules/linear_200_200.py",
    "../_base_/data/horse2zebra.py",
]
