# 20 epochs of warm-up, 100 epochs at the full rate, 100 epochs of linear decay: EnCo.
train = dict(epochs=200)
schedule = dict(type="LinearDecay", constant=100, decay=100, warmup=20)
