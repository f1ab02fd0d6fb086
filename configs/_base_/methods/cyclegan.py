"""CycleGAN, Zhu et al. 2017, arXiv:1703.10593, eq. 3 and section 5.2: two generators that invert each other.

    L_GAN(G, D_Y, X, Y)  +  L_GAN(F, D_X, Y, X)  +  λ L_cyc(G, F)      +  0.5 λ L_identity(G, F)     with λ = 10
    gan_ab, d_b             gan_ba, d_a             cycle_a, cycle_b     identity_a, identity_b

G is the generator ``ab``, F is ``ba``; D_Y is the discriminator ``b``, D_X is ``a``.
"""

LSGAN = dict(type="LSGANLoss")
LAMBDA = 10.0
L1 = dict(type="L1Loss")
GENERATOR = dict(type="ResNetGenerator", blocks=9, antialias_down=False, antialias_up=False, init="normal")
DISCRIMINATOR = dict(type="PatchGANDiscriminator", antialias=False, init="normal")

model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=GENERATOR, ba=GENERATOR),
    discriminators=dict(a=DISCRIMINATOR, b=DISCRIMINATOR),
    views=dict(pool=dict(type="ImagePool", size=50)),
    phases=dict(
        generate=dict(
            update=["generators"],
            terms=dict(
                gan_ab=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=LSGAN),
                gan_ba=dict(type="AdversarialTerm", discriminator="a", image="ba(b)", loss=LSGAN),
                cycle_a=dict(type="PixelTerm", image="ba(ab(a))", target="a", loss=L1, weight=LAMBDA),
                cycle_b=dict(type="PixelTerm", image="ab(ba(b))", target="b", loss=L1, weight=LAMBDA),
                identity_a=dict(type="PixelTerm", image="ba(a)", target="a", loss=L1, weight=0.5 * LAMBDA),
                identity_b=dict(type="PixelTerm", image="ab(b)", target="b", loss=L1, weight=0.5 * LAMBDA),
            ),
        ),
        discriminate=dict(
            update=["discriminators"],
            terms=dict(
                d_a=dict(type="DiscriminatorTerm", discriminator="a", real="a", fake="pool(ba(b))", loss=LSGAN),
                d_b=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="pool(ab(a))", loss=LSGAN),
            ),
        ),
    ),
)
