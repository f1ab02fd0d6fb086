"""EnCo, Cai et al. 2024, arXiv:2211.10867: the decoder agrees with the encoder of the same pass, stage by stage.

    L_GAN(G, D, X, Y)  +  ½ (λ_NCE L_EnCo(G, H, X)  +  λ_IDT L_IDT(G, Y))      with λ_NCE = 2, λ_IDT = 10
    gan, d                           content                  identity

The letters are those of the released code. After ``LAST_IDENTITY_EPOCH`` it drops L_IDT and, with it, the half.
"""

LSGAN = dict(type="LSGANLoss")
LAST_IDENTITY_EPOCH = 100
PAIRS = [("stem", "up2"), ("down1", "up1"), ("block2", "block7")]  # (key: encoder, query: decoder)

model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="ResNetGenerator", blocks=9)),
    discriminators=dict(b=dict(type="PatchGANDiscriminator")),
    heads=dict(f=dict(type="ProjectionPredictionHead", of="ab", taps=[key for key, _ in PAIRS], dim=256)),
    phases=dict(
        discriminate=dict(
            update=["discriminators"],
            terms=dict(d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(a)", loss=LSGAN)),
        ),
        generate=dict(
            update=["generators", "heads"],
            optimizer=dict(lr=5e-5),  # a quarter of the discriminator's, as released
            terms=dict(
                gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=LSGAN),
                content=dict(
                    type="PatchTerm",
                    query=("ab", "a"),
                    key=("ab", "a"),
                    taps=PAIRS,
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
