_base_ = ["../run.py", "../methods/cut.py", "../schedules/linear_200_200.py"]
