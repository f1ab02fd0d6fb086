"""SinCUT, Park et al. 2020, arXiv:2007.15651, section 4.4: one photo to one painting, crop by crop."""

GAN = dict(type="NonSaturatingLoss")
OPTIMIZER = dict(lr=2e-3, betas=(0.0, 0.99))
TAPS = ["input", "down1", "block2"]
CONTENT = dict(
    type="PatchTerm",
    taps=TAPS,
    head="f",
    loss=dict(type="PatchNCELoss", tau=0.07),
    sampler=dict(type="RandomSampler", num=1),
    negatives=dict(type="WholeBatch"),  # the same place of the other crops
)

model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="StyleGAN2Generator", filters=10, size=64)),
    discriminators=dict(b=dict(type="StyleGAN2Discriminator", filters=8, size=64)),
    heads=dict(f=dict(type="MLPHead", of="ab", taps=TAPS, dim=256)),
    phases=dict(
        discriminate=dict(
            update=["discriminators"],
            optimizer=OPTIMIZER,
            terms=dict(
                d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(a)", loss=GAN),
                r1=dict(type="GradientPenaltyTerm", discriminator="b", image="b", loss=dict(type="R1Penalty")),
            ),
        ),
        generate=dict(
            update=["generators", "heads"],
            optimizer=OPTIMIZER,
            terms=dict(
                gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=GAN),
                content=dict(CONTENT, query=("ab", "ab(a)"), key=("ab", "a"), weight=2.0),
                identity=dict(CONTENT, query=("ab", "ab(b)"), key=("ab", "b"), weight=2.0),
                color=dict(type="PixelTerm", image="ab(b)", target="b", loss=dict(type="L1Loss")),
            ),
        ),
    ),
)
