"""SRC and hDCE, Jung et al. 2022, arXiv:2203.01532: places of the output are related as those of the input are."""

_base_ = "i2ikit::_base_/methods/cut.py"

plugins = ["i2ikit-hneg"]

EPOCHS = 400
GAMMA = dict(type="Linear", start=49.9, end=10.0, first=1, last=EPOCHS)  # 50 - 40 * epoch / 400
CONTENT = dict(
    loss=dict(_delete_=True, type="DecoupledPatchNCELoss", tau=0.07),
    negatives=dict(_delete_=True, type="RelatedNegatives", gamma_schedule=GAMMA),
    stream="content",  # all terms take the same places
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
                    taps=["pad", "down1_conv", "down2_conv", "block1", "block5"],
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
