_base_ = [
    "../_base_/run.py",
    "../_base_/methods/fastcut.py",
    "../_base_/schedules/linear_150_50.py",
    "../_base_/data/cityscapes.py",
]

data = dict(train=dict(transform=dict(finetune_after=150)))  # the whole image once the rate decays
