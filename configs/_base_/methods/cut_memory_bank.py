"""CUT with a memory bank, Park et al. 2020, arXiv:2007.15651, section 4.2: negatives from other images, as in MoCo.

    L_GAN(G, D, X, Y)  +  λ_X L_PatchNCE(G, H, X)  +  λ_Y L_PatchNCE(G, H, Y)      as in CUT, with other negatives
    gan, d                content                     identity

The keys come from moving averages of generator and head, θ_slow <- m θ_slow + (1 - m) θ with m = 0.999, so that the
keys of many steps are comparable.
"""

_base_ = "./cut.py"

BANK = dict(type="MemoryBank", layers=5, dim=256, size=4096)

model = dict(
    averages=dict(
        ab_slow=dict(of="generators.ab", momentum=0.999),
        f_slow=dict(of="heads.f", momentum=0.999),
    ),
    phases=dict(
        generate=dict(
            terms=dict(
                content=dict(key=("ab_slow", "a"), key_head="f_slow", negatives=dict(BANK, _delete_=True)),
                identity=dict(key=("ab_slow", "b"), key_head="f_slow", negatives=dict(BANK, _delete_=True)),
            ),
        ),
    ),
)
