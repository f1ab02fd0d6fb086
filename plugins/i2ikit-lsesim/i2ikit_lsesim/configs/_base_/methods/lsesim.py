"""LSeSim, Zheng et al. 2021, arXiv:2104.00854, eq. 5: FSeSim on features that a head learned to compare.

first   ½ (L_c(x, G(x), turn(y))  +  L_c(x, jitter(x), turn(jitter(y))))      updates the head f
           translated                recolored
"""

_base_ = "./fsesim.py"

CONTRAST = dict(type="SimilarityContrastTerm", head="f", stream="positions", weight=0.5, **_base_.FEATURES)
LEARN = dict(
    update=["heads"],
    terms=dict(
        translated=dict(CONTRAST, source="a", target="ab(a)", other="turn(b)"),
        recolored=dict(CONTRAST, source="a", target="jitter(a)", other="turn(jitter(b))"),
    ),
)

model = dict(
    heads=dict(f=dict(type="SimilarityHead", of="extractors.vgg", taps=_base_.TAPS)),
    views=dict(turn=dict(type="Turn"), jitter=dict(type="ImageColorJitter")),
    phases=dict(_delete_=True, learn=LEARN, **_base_.model.phases),
)
model["phases"]["generate"]["terms"]["content"]["head"] = "f"
