# The method as published, for any data: a preset adds the data set.
_base_ = ["../run.py", "../methods/cyclegan.py", "../schedules/linear_100_100.py"]
