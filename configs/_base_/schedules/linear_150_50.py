# FastCUT as released: 150 epochs at the full rate, 50 of linear decay. The crop jitter ends with the full rate.
CONSTANT = 150

train = dict(epochs=200)
schedule = dict(type="LinearDecay", constant=CONSTANT, decay=50)
data = dict(train=dict(transform=dict(finetune_after=CONSTANT)))
