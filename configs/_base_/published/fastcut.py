# The method as published, for any data: a preset adds the data set.
_base_ = ["../run.py", "../methods/fastcut.py", "../schedules/linear_150_50.py"]
