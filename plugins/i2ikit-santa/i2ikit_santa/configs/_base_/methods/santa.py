"""SANTA, Xie et al. 2023, CVPR: one encoder for both domains, and a decoder that goes from one to the other.

    L_GAN(G, D)  +  λ_rec |G(z_x, 0) - x|  +  λ_idt |G(z_y, 1) - y|  +  λ_kl mean μ²  +  λ_path E
    gan, d          reconstruction             identity                 latent           path

with z = μ + noise, μ the output of the encoder ``enc``, and G(z, d) that of the decoder ``dec`` at position d;
λ_rec = λ_idt = 5, λ_kl = λ_path = 0.01.
"""

LSGAN = dict(type="LSGANLoss")
L1 = dict(type="L1Loss")
INTERVAL = (0.05, 0.1)

plugins = ["i2ikit-santa"]

model = dict(
    type="UnpairedTranslation",
    generators=dict(enc=dict(type="LatentEncoder", blocks=4), dec=dict(type="PathDecoder", blocks=5, style=8)),
    discriminators=dict(b=dict(type="PatchGANDiscriminator")),
    views=dict(
        noise=dict(type="GaussianNoise", std=1.0),
        far=dict(type="PathEnd", side="far", interval=INTERVAL, stream="path"),
        near=dict(type="PathEnd", side="near", interval=INTERVAL, stream="path"),
    ),
    images=dict(latent="noise(enc(a))", fake="dec(latent, 1)"),
    outputs=dict(ab="fake"),
    phases=dict(
        discriminate=dict(
            update=["discriminators"],
            terms=dict(d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="fake", loss=LSGAN)),
        ),
        generate=dict(
            update=["generators"],
            terms=dict(
                gan=dict(type="AdversarialTerm", discriminator="b", image="fake", loss=LSGAN),
                reconstruction=dict(type="PixelTerm", image="dec(latent, 0)", target="a", loss=L1, weight=5.0),
                identity=dict(type="PixelTerm", image="dec(noise(enc(b)), 1)", target="b", loss=L1, weight=5.0),
                latent=dict(type="MeanSquareTerm", images=["enc(a)", "enc(b)"], weight=0.01),
                path=dict(
                    type="PathEnergyTerm",
                    generator="dec",
                    image="latent",
                    far="far",
                    near="near",
                    taps=["block1", "block4", "up1_conv", "up2_conv", "last"],
                    weight=0.01,
                ),
            ),
        ),
    ),
)
