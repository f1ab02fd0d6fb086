"""UNSB, Kim et al. 2023, arXiv:2305.15086, eq. 14: a translation in T random steps along a Schroedinger bridge.

    L_GAN(G, D)  +  λ_SB L_SB(G, E)  +  ½ (L_NCE(G, H, X_t)  +  L_NCE(G, H, Y_t))      with λ_SB = 1, T = 5
    gan, d          bridge, energy      content                 identity

X_t is x after t random steps of the bridge, t uniform in 0 .. T - 1; G is the generator ``ab``, D the discriminator
``b``, E the discriminator ``e``, H the head ``f``. A step of the bridge goes part of the way from X_t to G(X_t).
"""

LSGAN = dict(type="LSGANLoss")
STEPS = 5
TAU = 0.01  # entropy
PAIRS = dict(discriminator="e", same="pair(xa, fake, xa, fake), t", other="pair(xa, fake, xa2, fake2), t")
TAPS = ["pad", "down1_conv", "down2_conv", "block1", "block5"]
CONTENT = dict(
    type="PatchTerm",
    taps=TAPS,
    head="f",
    loss=dict(type="PatchNCELoss", tau=0.07),
    sampler=dict(type="RandomSampler", num=256),
    negatives=dict(type="WithinImage"),
    weight=0.5,
)

plugins = ["i2ikit-unsb"]

data = dict(train=dict(extra=["a2"]))  # a second image of a, for the energy

model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="BridgeGenerator", blocks=9)),
    discriminators=dict(
        b=dict(type="TimePatchGANDiscriminator"),
        e=dict(type="TimePatchGANDiscriminator", in_channels=12),
    ),
    heads=dict(f=dict(type="MLPHead", of="ab", taps=TAPS, dim=256)),
    views=dict(
        z=dict(type="Latent", size=256),
        t=dict(type="BridgeTime", steps=STEPS, stream="time"),
        chain=dict(type="BridgeChain", steps=STEPS, stream="time"),
        whole=dict(type="BridgeChain", steps=STEPS, length=STEPS - 1, at_test=True),
        step=dict(type="BridgeStep", steps=STEPS, tau=TAU),
        pair=dict(type="ChannelStack", images=4),
    ),
    images=dict(
        xa="chain(a, 0)",
        xb="chain(b, 1)",
        xa2="chain(a2, 2)",
        fake="ab(xa, z(0))",
        fake2="ab(xa2, z(1))",
        idt="ab(xb, z(2))",
    ),
    outputs=dict(ab="ab(whole(a, 0), z(0))"),
    phases=dict(
        discriminate=dict(
            update=["discriminators.b"],
            terms=dict(d=dict(type="DiscriminatorTerm", discriminator="b", real="b, t", fake="fake, t", loss=LSGAN)),
        ),
        estimate=dict(update=["discriminators.e"], terms=dict(energy=dict(type="EnergyTerm", **PAIRS))),
        generate=dict(
            update=["generators", "heads"],
            terms=dict(
                gan=dict(type="AdversarialTerm", discriminator="b", image="fake, t", loss=LSGAN),
                bridge=dict(type="BridgeTerm", start="xa", image="fake", time="t", steps=STEPS, tau=TAU, **PAIRS),
                content=dict(CONTENT, query=("ab", "fake, z(3)"), key=("ab", "a, z(3)")),
                identity=dict(CONTENT, query=("ab", "idt, z(4)"), key=("ab", "b, z(4)")),
            ),
        ),
    ),
)
