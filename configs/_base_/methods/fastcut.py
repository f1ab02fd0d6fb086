"""FastCUT, Park et al. 2020, arXiv:2007.15651, section 4.1: CUT without identity, a heavier content term, mirrors."""

_base_ = "./cut.py"

LSGAN = dict(type="LSGANLoss")

model = dict(
    views=dict(mirror=dict(type="Mirror", probability=0.5)),
    phases=dict(
        discriminate=dict(terms=dict(d=dict(fake="ab(mirror(a))"))),
        generate=dict(
            terms=dict(
                _delete_=True,
                gan=dict(type="AdversarialTerm", discriminator="b", image="ab(mirror(a))", loss=LSGAN),
                content=dict(
                    type="PatchTerm",
                    query=("ab", "ab(mirror(a))"),  # its features are mirrored back
                    key=("ab", "a"),
                    taps=["pad", "down1_conv", "down2_conv", "block1", "block5"],
                    head="f",
                    loss=dict(type="PatchNCELoss", tau=0.07),
                    sampler=dict(type="RandomSampler", num=256),
                    negatives=dict(type="WithinImage"),
                    weight=10.0,
                ),
            ),
        ),
    ),
)
