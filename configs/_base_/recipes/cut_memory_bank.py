_base_ = ["../run.py", "../methods/cut_memory_bank.py", "../schedules/linear_200_200.py"]
