_base_ = ["../_base_/data/horse2zebra.py", "../_base_/published/cut_memory_bank.py"]
