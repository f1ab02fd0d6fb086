"""SinEnCo: the objective of EnCo, arXiv:2211.10867, in the setting of SinCUT, arXiv:2007.15651, section 4.4.

    L_GAN(G, D, X, Y)  +  ½ (λ_NCE L_EnCo(G, H, X)  +  λ_IDT L_IDT(G, Y))  +  R1(D, Y)      with λ_NCE = 2, λ_IDT = 10
    gan, d                           content                  identity         r1

The released code of SinEnCo does not run, so this is our reading of it: networks, adversarial loss and crops of SinCUT,
content and identity of EnCo. The discriminator has one logit per crop, which cannot guide a sampler, so positions are
random.
"""

_base_ = "./sincut.py"

LAST_IDENTITY_EPOCH = 8
PAIRS = [("stem", "up1"), ("down1", "block6"), ("block2", "block4")]  # (key: encoder, query: decoder)

model = dict(
    heads=dict(
        f=dict(type="ProjectionPredictionHead", taps=[key for key, _ in PAIRS]),
    ),
    phases=dict(
        generate=dict(
            optimizer=dict(lr=5e-4),  # a quarter of the discriminator's, as in EnCo
            terms=dict(
                content=dict(
                    _delete_=True,
                    type="PatchTerm",
                    query=("ab", "a"),
                    key=("ab", "a"),
                    taps=PAIRS,
                    head="f",
                    loss=dict(type="CosineLoss"),
                    sampler=dict(type="RandomSampler", num=256),
                    weight=dict(type="Until", epoch=LAST_IDENTITY_EPOCH, value=1.0, then=2.0),
                ),
                identity=dict(
                    _delete_=True,
                    type="PixelTerm",
                    image="ab(b)",
                    target="b",
                    loss=dict(type="L1Loss"),
                    weight=dict(type="Until", epoch=LAST_IDENTITY_EPOCH, value=5.0, then=0.0),
                ),
                color=None,  # identity is an L1 distance already
            ),
        ),
    ),
)
