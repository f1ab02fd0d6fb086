_base_ = [
    "i2ikit::_base_/run.py",
    "../_base_/methods/qs_global.py",
    "i2ikit::_base_/schedules/linear_200_200.py",
    "i2ikit::_base_/data/horse2zebra.py",
]

data = dict(train=dict(transform=dict(finetune_after=200)))  # the whole image once the rate decays
