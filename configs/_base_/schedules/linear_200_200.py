# 200 epochs at the full rate, 200 epochs of linear decay: the rule of the CUT release.
train = dict(epochs=400)
schedule = dict(type="LinearDecay", constant=200, decay=200)
