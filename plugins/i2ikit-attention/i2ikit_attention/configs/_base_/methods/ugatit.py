"""The generator of U-GAT-IT, Kim et al. 2020, arXiv:1907.10830, in CycleGAN's objective, with its CAM loss.

    L_GAN  +  λ_cyc L_cyc  +  λ_id L_identity  +  λ_cam (L_cam(G)  +  L_cam(F))      with 1, 10, 10, 1000
                                                         cam_ab       cam_ba

differs: one discriminator for each domain, without attention of its own; published are two of each with it.
"""

_base_ = "i2ikit::_base_/methods/cyclegan.py"

plugins = ["i2ikit-attention"]

GENERATOR = dict(_delete_=True, type="UGATITGenerator", blocks=6)

model = dict(
    generators=dict(ab=GENERATOR, ba=GENERATOR),
    phases=dict(
        generate=dict(
            terms=dict(
                identity_a=dict(weight=10.0),
                identity_b=dict(weight=10.0),
                cam_ab=dict(type="CAMTerm", generator="ab", source="a", target="b", weight=1000.0),
                cam_ba=dict(type="CAMTerm", generator="ba", source="b", target="a", weight=1000.0),
            ),
        ),
    ),
)
