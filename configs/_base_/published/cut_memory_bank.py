# The method as published, for any data: a preset adds the data set.
_base_ = ["../run.py", "../methods/cut_memory_bank.py", "../schedules/linear_200_200.py"]
