# What a short run on the embedded data set needs besides the recipe `masked`: a base that goes after it.
model = dict(
    # Scores that see a part of an animal leave the landscape alone; with 3 layers it gets flecks.
    discriminators=dict(b=dict(layers=2)),
    averages=dict(ab_mean=dict(momentum=0.998)),
    phases=dict(
        discriminate=dict(optimizer=dict(lr=2e-4)),
        # Animals cover a tenth of an image; for larger objects this weight is too large: only a part would change.
        generate=dict(optimizer=dict(lr=4e-4), terms=dict(area_ab=dict(weight=dict(end=3.0)))),
    ),
)
train = dict(steps=3000)
