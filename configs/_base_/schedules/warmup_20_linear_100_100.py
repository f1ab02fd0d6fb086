# EnCo as released: 100 epochs at the full rate, 20 of them warm-up, 100 of linear decay.
# The crop jitter ends with the full rate.
CONSTANT = 100

train = dict(epochs=200)
schedule = dict(type="LinearDecay", constant=CONSTANT, decay=100, warmup=20)
data = dict(train=dict(transform=dict(finetune_after=CONSTANT)))
