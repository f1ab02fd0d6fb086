"""EnCo in the form of 2022, Cai et al., arXiv:2211.10867v1: a decoder's patch finds its place in the encoder's stage."""

_base_ = "./enco.py"

model = dict(
    heads=dict(f=dict(_delete_=True, type="MLPHead", of="ab", taps=["stem", "down1", "block2"], dim=256)),
    phases=dict(
        generate=dict(
            terms=dict(
                content=dict(
                    loss=dict(_delete_=True, type="PatchNCELoss", tau=0.07),
                    negatives=dict(type="WithinImage"),
                    sampler=dict(
                        _delete_=True, type="ExtremeScoreSampler", discriminator="b", image="ab(a)", num=256
                    ),
                ),
            ),
        ),
    ),
)
