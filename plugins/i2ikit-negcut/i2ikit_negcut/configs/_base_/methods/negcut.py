"""NEGCUT, Wang et al. 2021, arXiv:2108.04547: CUT against negatives that a network makes as hard as it can."""

_base_ = "i2ikit::_base_/methods/cut.py"

plugins = ["i2ikit-negcut"]

TAPS = ["pad", "down1_conv", "down2_conv", "block1", "block5"]
GENERATED = dict(type="GeneratedNegatives", maker="hard", head="f_slow", taps=TAPS, num=256)
OF_A = dict(GENERATED, image=("ab", "a"))
OF_B = dict(GENERATED, image=("ab", "b"))
AGAINST = dict(
    type="PatchTerm",
    taps=TAPS,
    head="f",
    loss=dict(type="PatchNCELoss", tau=0.07),
    sampler=dict(type="RandomSampler", num=256),
    weight=-0.5,  # what the translation minimizes is maximized here
)

model = dict(
    heads=dict(hard=dict(type="NegativeGenerator", of="ab", taps=TAPS, dim=256, noise=64)),
    averages=dict(f_slow=dict(of="heads.f", momentum=0.9, init="own")),
    phases=dict(
        _delete_=True,
        discriminate=dict(
            update=["discriminators"],
            terms=dict(
                d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(a)", loss=dict(type="LSGANLoss"))
            ),
        ),
        harden=dict(
            update=["heads.hard"],
            terms=dict(
                against_content=dict(AGAINST, query=("ab", "ab(a)"), key=("ab", "a"), negatives=OF_A),
                against_identity=dict(AGAINST, query=("ab", "ab(b)"), key=("ab", "b"), negatives=OF_B),
                variety=dict(type="ModeSeekingTerm", negatives=OF_B, stream="against_identity"),
            ),
        ),
        generate=dict(
            update=["generators", "heads.f"],
            terms=dict(
                gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=dict(type="LSGANLoss")),
                content=dict(AGAINST, query=("ab", "ab(a)"), key=("ab", "a"), negatives=OF_A, weight=0.5),
                identity=dict(AGAINST, query=("ab", "ab(b)"), key=("ab", "b"), negatives=OF_B, weight=0.5),
            ),
        ),
    ),
)
