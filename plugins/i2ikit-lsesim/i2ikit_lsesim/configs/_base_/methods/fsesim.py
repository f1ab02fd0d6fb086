"""FSeSim, Zheng et al. 2021, arXiv:2104.00854, eq. 4 and 6: the output keeps the self-similarities of the input.

    L_GAN(G, D, X, Y)  +  λ_s L_s(F(G(x)), F(x))      with λ_s = 10
    gan, d                content

G is the generator ``ab``, D the discriminator ``b``, F are features of the frozen extractor ``vgg``.
"""

LSGAN = dict(type="LSGANLoss")
TAPS = ["relu3_1", "relu4_1", "relu4_3"]
FEATURES = dict(network="extractors.vgg", taps=TAPS)

plugins = ["i2ikit-lsesim"]

model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="ResNetGenerator", blocks=9)),
    discriminators=dict(b=dict(type="PatchGANDiscriminator")),
    extractors=dict(vgg=dict(type="VGG16Features", weights="vgg16.pth", last="relu4_3")),
    views=dict(pool=dict(type="ImagePool", size=50)),
    phases=dict(
        discriminate=dict(
            update=["discriminators"],
            terms=dict(d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="pool(ab(a))", loss=LSGAN)),
        ),
        generate=dict(
            update=["generators"],
            terms=dict(
                gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=LSGAN),
                content=dict(
                    type="SelfSimilarityTerm",
                    image="ab(a)",
                    target="a",
                    loss=dict(type="SimilarityCosineLoss"),
                    num=256,
                    window=64,
                    weight=10.0,
                    **FEATURES,
                ),
            ),
        ),
    ),
)
optimizer = dict(lr=1e-4)
