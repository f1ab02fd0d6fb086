_base_ = [
    "../_base_/run.py",
    "../_base_/methods/enco_contrastive.py",
    "../_base_/schedules/warmup_20_linear_100_100.py",
    "../_base_/data/apple2orange.py",
]

data = dict(train=dict(transform=dict(finetune_after=100)))  # the whole image once the rate decays
