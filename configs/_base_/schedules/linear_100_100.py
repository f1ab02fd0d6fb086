# CycleGAN as released: 100 epochs at the full rate, 100 of linear decay to 0, which the last epoch reaches.
train = dict(epochs=200)
schedule = dict(type="LinearDecayToZero", constant=100, decay=100)
