# SinCUT as released: 8 epochs at the full rate, 8 of linear decay, each of 6,250 steps.
train = dict(epochs=16)
schedule = dict(type="LinearDecay", constant=8, decay=8)
