_base_ = [
    "../_base_/run.py",
    "../_base_/methods/cut.py",
    "../_base_/schedules/linear_200_200.py",
    "../_base_/data/cityscapes.py",
]

data = dict(train=dict(transform=dict(finetune_after=200)))  # the whole image once the rate decays
