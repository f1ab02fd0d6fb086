"""SinCUT, Park et al. 2020, arXiv:2007.15651, section 4.4: CUT on crops of one image per domain.

    L_GAN(G, D, X, Y)  +  λ_X L_PatchNCE(G, H, X)  +  λ_Y L_PatchNCE(G, H, Y)  +  R1(D, Y)  +  |G(y) - y|_1
    gan, d                content                     identity                    r1           color

with λ_X = λ_Y = 4, whose mean the released code takes, as in CUT.
"""

GAN = dict(type="NonSaturatingLoss")
OPTIMIZER = dict(lr=2e-3, betas=(0.0, 0.99))
WEIGHT = 2.0  # λ / 2
TAPS = ["input", "down1", "block2"]
CONTENT = dict(
    type="PatchTerm",
    taps=TAPS,
    head="f",
    loss=dict(type="PatchNCELoss", tau=0.07),
    sampler=dict(type="RandomSampler", num=1),
    negatives=dict(type="WholeBatch"),  # the same position in the other crops
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
                content=dict(CONTENT, query=("ab", "ab(a)"), key=("ab", "a"), weight=WEIGHT),
                identity=dict(CONTENT, query=("ab", "ab(b)"), key=("ab", "b"), weight=WEIGHT),
                color=dict(type="PixelTerm", image="ab(b)", target="b", loss=dict(type="L1Loss")),
            ),
        ),
    ),
)
