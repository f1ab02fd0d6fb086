"""EnCo, Cai et al. 2024, arXiv:2211.10867: the decoder agrees with the encoder of the same pass, stage by stage."""

LSGAN = dict(type="LSGANLoss")
LAST_IDENTITY_EPOCH = 100

model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="ResNetGenerator", blocks=9)),
    discriminators=dict(b=dict(type="PatchGANDiscriminator")),
    heads=dict(f=dict(type="ProjectionPredictionHead", of="ab", taps=["stem", "down1", "block2"], dim=256)),
    phases=dict(
        discriminate=dict(
            update=["discriminators"],
            terms=dict(d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(a)", loss=LSGAN)),
        ),
        generate=dict(
            update=["generators", "heads"],
            optimizer=dict(lr=5e-5),
            terms=dict(
                gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=LSGAN),
                content=dict(
                    type="PatchTerm",
                    query=("ab", "a"),
                    key=("ab", "a"),
                    taps=[("stem", "up2"), ("down1", "up1"), ("block2", "block7")],  # (key: encoder, query: decoder)
                    head="f",
                    loss=dict(type="CosineLoss"),
                    sampler=dict(type="DiscriminativeAttentionSampler", discriminator="b", image="ab(a)", num=256),
                    weight=dict(type="Until", epoch=LAST_IDENTITY_EPOCH, value=1.0, then=2.0),
                ),
                identity=dict(
                    type="PixelTerm",
                    image="ab(b)",
                    target="b",
                    loss=dict(type="L1Loss"),
                    weight=dict(type="Until", epoch=LAST_IDENTITY_EPOCH, value=5.0, then=0.0),
                ),
            ),
        ),
    ),
)
