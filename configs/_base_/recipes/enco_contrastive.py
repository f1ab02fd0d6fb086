_base_ = ["../run.py", "../methods/enco_contrastive.py", "../schedules/warmup_20_linear_100_100.py"]
