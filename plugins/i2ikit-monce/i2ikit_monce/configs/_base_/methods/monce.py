"""MoNCE, Zhan et al. 2022, arXiv:2203.09333: CUT whose negatives are weighted by an optimal transport.

    L_GAN(G, D, X, Y)  +  λ_X L_MoNCE(G, H, X)  +  λ_Y L_MoNCE(G, H, Y)
    gan, d                content                  identity

The letters are those of CUT; L_MoNCE is its L_PatchNCE with the weighted negatives.
"""

_base_ = "i2ikit::_base_/methods/cut.py"

plugins = ["i2ikit-monce"]

HARD = dict(_delete_=True, type="HardTransportNegatives", epsilon=0.1)

model = dict(phases=dict(generate=dict(terms=dict(content=dict(negatives=HARD), identity=dict(negatives=HARD)))))
