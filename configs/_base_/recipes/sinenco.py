_base_ = ["../run.py", "../methods/sinenco.py", "../schedules/linear_8_8.py"]
