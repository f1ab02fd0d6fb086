# The method as published, for any data: a preset adds the data set.
_base_ = ["../run.py", "../methods/sinenco.py", "../schedules/linear_8_8.py"]
