"""NEGCUT, Wang et al. 2021, arXiv:2108.04547: CUT against negatives that a network makes as hard as it can.

    min over G, H   max over N     L_GAN(G, D, X, Y)  +  L_PatchNCE(G, H, N, X)  +  L_PatchNCE(G, H, N, Y)
                                   gan, d                content                    identity

N is the head ``hard``, which makes the negatives. Its own phase maximizes the two contrastive terms, which are there
``against_content`` and ``against_identity`` with a negative weight, and adds the mode-seeking term ``variety``.
"""

_base_ = "i2ikit::_base_/methods/cut.py"

plugins = ["i2ikit-negcut"]

CUT = _base_.model.phases
GENERATED = dict(type="GeneratedNegatives", maker="hard", head="f_slow", taps=_base_.TAPS, num=256)
OF_A = dict(GENERATED, image=("ab", "a"))
OF_B = dict(GENERATED, image=("ab", "b"))
CONTENT = dict(CUT.generate.terms.content, negatives=OF_A)
IDENTITY = dict(CUT.generate.terms.identity, negatives=OF_B)

model = dict(
    heads=dict(hard=dict(type="NegativeGenerator", of="ab", taps=_base_.TAPS, dim=256, noise=64)),
    averages=dict(f_slow=dict(of="heads.f", momentum=0.9, init="own")),
    phases=dict(
        _delete_=True,  # the new phase goes between the two of CUT
        discriminate=CUT.discriminate,
        harden=dict(
            update=["heads.hard"],
            terms=dict(
                against_content=dict(CONTENT, weight=-_base_.WEIGHT),
                against_identity=dict(IDENTITY, weight=-_base_.WEIGHT),
                variety=dict(type="ModeSeekingTerm", negatives=OF_B, stream="against_identity"),
            ),
        ),
        generate=dict(
            update=["generators", "heads.f"],
            terms=dict(gan=CUT.generate.terms.gan, content=CONTENT, identity=IDENTITY),
        ),
    ),
)
