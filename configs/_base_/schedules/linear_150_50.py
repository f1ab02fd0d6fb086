# 150 epochs at the full rate, 50 epochs of linear decay.
train = dict(epochs=200)
schedule = dict(type="LinearDecay", constant=150, decay=50)
