# CUT as released: 200 epochs at the full rate, 200 of linear decay. The crop jitter ends with the full rate.
CONSTANT = 200

train = dict(epochs=400)
schedule = dict(type="LinearDecay", constant=CONSTANT, decay=200)
data = dict(train=dict(transform=dict(finetune_after=CONSTANT)))
