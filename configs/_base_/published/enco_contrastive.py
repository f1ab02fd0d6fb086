# The method as published, for any data: a preset adds the data set.
_base_ = ["../run.py", "../methods/enco_contrastive.py", "../schedules/warmup_20_linear_100_100.py"]
