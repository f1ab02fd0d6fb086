# What every run has in common.
optimizer = dict(type="Adam", lr=2e-4, betas=(0.5, 0.999))
log = dict(every=50)
samples = dict(every=1000, count=8)
checkpoint = dict(every=5000, keep=3)
seed = 0
