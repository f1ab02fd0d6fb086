_base_ = ["../run.py", "../methods/simdcl.py", "../schedules/linear_200_200.py"]
