_base_ = ["../run.py", "../methods/cyclegan.py", "../schedules/linear_100_100.py"]
