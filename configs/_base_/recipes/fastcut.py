_base_ = ["../run.py", "../methods/fastcut.py", "../schedules/linear_150_50.py"]
