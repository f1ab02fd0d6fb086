_base_ = ["../run.py", "../methods/sincut.py", "../schedules/linear_8_8.py"]
