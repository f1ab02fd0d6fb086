# What a short run on the embedded data set needs besides the recipe `masked`: a base that goes after it.
TERMS = _base_.model.phases.generate.terms

model = dict(
    # Scores that see a part of an animal leave the landscape alone; with 3 layers it gets flecks.
    discriminators={name: dict(layers=2) for name in _base_.model.discriminators},
    averages={name: dict(momentum=0.998) for name in _base_.model.averages},
    phases=dict(
        discriminate=dict(optimizer=dict(lr=3e-4)),
        # Animals cover a tenth of an image; for larger objects this weight is too large: only a part would change.
        generate=dict(
            optimizer=dict(lr=6e-4),
            terms={name: dict(weight=dict(end=3.0)) for name in TERMS if name.startswith("area_")},
        ),
    ),
)
train = dict(steps=3000)
