_base_ = ["../run.py", "../methods/enco.py", "../schedules/warmup_20_linear_100_100.py"]
