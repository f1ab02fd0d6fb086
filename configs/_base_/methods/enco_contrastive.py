"""EnCo in the form of 2022, Cai et al., arXiv:2211.10867v1: decoder patches match the encoder's at their positions.

    L_GAN(G, D, X, Y)  +  ½ (λ_NCE L_PatchNCE(G, H, X)  +  λ_IDT L_IDT(G, Y))      with λ_NCE = 2, λ_IDT = 10
    gan, d                           content                      identity

EnCo with the head and the loss of CUT, and positions from both ends of the discriminator's score.
"""

_base_ = "./enco.py"

model = dict(
    heads=dict(f=dict(type="MLPHead")),
    phases=dict(
        generate=dict(
            terms=dict(
                content=dict(
                    loss=dict(type="PatchNCELoss", tau=0.07),
                    negatives=dict(type="WithinImage"),
                    sampler=dict(type="ExtremeScoreSampler"),
                ),
            ),
        ),
    ),
)
