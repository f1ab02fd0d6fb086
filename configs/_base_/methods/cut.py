"""CUT, Park et al. 2020, arXiv:2007.15651, eq. 6: each patch of the output matches the input patch at its position.

    L_GAN(G, D, X, Y)  +  λ_X L_PatchNCE(G, H, X)  +  λ_Y L_PatchNCE(G, H, Y)      with λ_X = λ_Y = 1
    gan, d                content                     identity

G is the generator ``ab``, D the discriminator ``b``, H the head ``f``; X is domain a, Y is domain b.
"""

LSGAN = dict(type="LSGANLoss")
WEIGHT = 0.5  # λ / 2: the released code takes the mean of the two PatchNCE terms, the paper their sum
TAPS = ["pad", "down1_conv", "down2_conv", "block1", "block5"]
CONTENT = dict(
    type="PatchTerm",
    taps=TAPS,
    head="f",
    loss=dict(type="PatchNCELoss", tau=0.07),
    sampler=dict(type="RandomSampler", num=256),
    negatives=dict(type="WithinImage"),
)

model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="ResNetGenerator", blocks=9)),
    discriminators=dict(b=dict(type="PatchGANDiscriminator")),
    heads=dict(f=dict(type="MLPHead", of="ab", taps=TAPS, dim=256)),
    phases=dict(
        discriminate=dict(
            update=["discriminators"],
            terms=dict(d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(a)", loss=LSGAN)),
        ),
        generate=dict(
            update=["generators", "heads"],
            terms=dict(
                gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=LSGAN),
                content=dict(CONTENT, query=("ab", "ab(a)"), key=("ab", "a"), weight=WEIGHT),
                identity=dict(CONTENT, query=("ab", "ab(b)"), key=("ab", "b"), weight=WEIGHT),
            ),
        ),
    ),
)
