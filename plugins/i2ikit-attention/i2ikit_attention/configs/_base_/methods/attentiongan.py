"""AttentionGAN, Tang et al. 2019, arXiv:1911.11897: CycleGAN whose generators make several images, and masks of them.

    CycleGAN's objective, with G(x) = Σ_i A_i(x) C_i(x)  +  A_n(x) x

The C_i are images and the A_i masks that sum to 1 at each position; the last one shows the input: the background.
"""

_base_ = "i2ikit::_base_/methods/cyclegan.py"

plugins = ["i2ikit-attention"]

GENERATOR = dict(_delete_=True, type="AttentionGenerator", blocks=9, masks=10)

model = dict(generators=dict(ab=GENERATOR, ba=GENERATOR))
