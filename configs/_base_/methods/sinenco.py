"""SinEnCo: the objective of EnCo, arXiv:2211.10867, in the setting of SinCUT, arXiv:2007.15651, section 4.4.

The published code of SinEnCo does not run, so this is a reading of it: networks, adversarial loss and crops of SinCUT,
content and identity of EnCo. The discriminator has one answer per crop, which guides no sampling: places are random.
"""

_base_ = "./sincut.py"

LAST_IDENTITY_EPOCH = 8

model = dict(
    heads=dict(
        f=dict(_delete_=True, type="ProjectionPredictionHead", of="ab", taps=["stem", "down1", "block2"], dim=256)
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
                    taps=[("stem", "up1"), ("down1", "block6"), ("block2", "block4")],  # (key: encoder, query: decoder)
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
                color=None,  # what identity is now
            ),
        ),
    ),
)
