_base_ = ["../run.py", "../methods/dclgan.py", "../schedules/linear_200_200.py"]
