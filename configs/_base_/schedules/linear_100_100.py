# 100 epochs at the full rate, 100 epochs linearly to 0: the rule of the CycleGAN release, whose last epoch rests at 0.
train = dict(epochs=200)
schedule = dict(type="LinearDecayToZero", constant=100, decay=100)
