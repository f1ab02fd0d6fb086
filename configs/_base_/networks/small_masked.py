# What a short run with a foreground mask needs besides the recipe: a base that goes after the recipe's.
model = dict(
    # Scores that see a part of an animal leave the landscape alone; with 3 layers it gets flecks.
    discriminators=dict(b=dict(layers=2)),
    averages=dict(ab_mean=dict(momentum=0.998)),
    phases=dict(discriminate=dict(optimizer=dict(lr=2e-4)), generate=dict(optimizer=dict(lr=4e-4))),
)
train = dict(steps=3000)
