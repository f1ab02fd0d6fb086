_base_ = [
    "i2ikit::_base_/run.py",
    "i2ikit::_base_/data/cat2dog.py",
    "i2ikit::_base_/schedules/linear_200_200.py",
    "../_base_/methods/santa.py",
]
