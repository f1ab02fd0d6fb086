"""DCLGAN, Han et al. 2021, arXiv:2104.07689, eq. 5: CUT in both directions, each output encoded by the other generator.

    λ_GAN (L_GAN(G) + L_GAN(F))  +  λ_NCE (L_PatchNCE(X) + L_PatchNCE(Y))  +  λ_IDT L_identity(G, F)
    gan_ab, d_b  gan_ba, d_a        content_ab      content_ba                identity_a, identity_b

with λ_GAN = 1, λ_NCE = 2, λ_IDT = 1. G is the generator ``ab``, F is ``ba``.
"""

HALF = 0.5  # the released code takes half of the generators' sum over both directions
HINGE = dict(type="ClippedHingeLoss")
L1 = dict(type="L1Loss")
TAPS = ["down1_conv", "down2_conv", "block1", "block5"]
CONTENT = dict(
    type="PatchTerm",
    taps=TAPS,
    loss=dict(type="CosinePatchNCELoss", tau=0.07),
    sampler=dict(type="RandomSampler", num=256),
    negatives=dict(type="WholeBatch"),
    weight=2.0 * HALF,
)
AB = dict(CONTENT, query=("ba", "ab(a)"), head="ba", key=("ab", "a"), key_head="ab")
BA = dict(CONTENT, query=("ab", "ba(b)"), head="ab", key=("ba", "b"), key_head="ba")

model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="ResNetGenerator", blocks=9), ba=dict(type="ResNetGenerator", blocks=9)),
    discriminators=dict(a=dict(type="PatchGANDiscriminator"), b=dict(type="PatchGANDiscriminator")),
    heads=dict(
        ab=dict(type="MLPHead", of="ab", taps=TAPS, dim=256), ba=dict(type="MLPHead", of="ba", taps=TAPS, dim=256)
    ),
    phases=dict(
        discriminate=dict(
            update=["discriminators"],
            terms=dict(
                d_b=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(a)", loss=HINGE),
                d_a=dict(type="DiscriminatorTerm", discriminator="a", real="a", fake="ba(b)", loss=HINGE),
            ),
        ),
        generate=dict(
            update=["generators", "heads"],
            groups=dict(heads=dict(lr=1e-3, betas=(0.9, 0.999))),  # as published: the library's defaults
            terms=dict(
                gan_ab=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=HINGE, weight=HALF),
                gan_ba=dict(type="AdversarialTerm", discriminator="a", image="ba(b)", loss=HINGE, weight=HALF),
                content_ab=AB,
                content_ba=BA,
                identity_a=dict(type="PixelTerm", image="ba(a)", target="a", loss=L1, weight=HALF),
                identity_b=dict(type="PixelTerm", image="ab(b)", target="b", loss=L1, weight=HALF),
            ),
        ),
    ),
)
