"""SRC and hDCE, Jung et al. 2022, arXiv:2203.01532: patches of the output are related as those of the input are.

    L_GAN  +  λ_SRC L_SRC  +  λ_hDCE L_hDCE(X)  +  λ_hDCE L_hDCE(Y)
    gan, d    relations       content             identity

SRC is the consistency of relations, hDCE the contrastive loss with hard negatives, decoupled from the positive.
"""

_base_ = "i2ikit::_base_/methods/cut.py"

plugins = ["i2ikit-hneg"]

EPOCHS = 400
GAMMA = dict(type="Linear", start=49.9, end=10.0, first=1, last=EPOCHS)  # 50 - 40 * epoch / 400
CONTENT = dict(
    loss=dict(_delete_=True, type="DecoupledPatchNCELoss", tau=0.07),
    negatives=dict(_delete_=True, type="RelatedNegatives", gamma_schedule=GAMMA),
    stream="content",  # all terms sample the same positions
    weight=0.05,
)

model = dict(
    phases=dict(
        generate=dict(
            terms=dict(
                content=CONTENT,
                identity=CONTENT,
                relations=dict(
                    type="PatchTerm",
                    query=("ab", "ab(a)"),
                    key=("ab", "a"),
                    taps=_base_.TAPS,
                    head="f",
                    loss=dict(type="RelationConsistencyLoss"),
                    sampler=dict(type="RandomSampler", num=256),
                    stream="content",
                    weight=0.05,
                ),
            ),
        ),
    ),
)
