"""SimDCL, Han et al. 2021, arXiv:2104.07689, section 3.4: DCLGAN with a similarity of real and generated images.

    DCLGAN's objective  +  λ_SIM L_sim(G, F)                with λ_SIM = 10
                           similarity_a, similarity_b

L_sim compares two images of one domain as sets of patches.
"""

_base_ = "./dclgan.py"

TAPS = _base_.TAPS
SIMILARITY = dict(
    type="EmbeddingSetTerm",
    taps=TAPS,
    loss=dict(type="L1Loss"),
    sampler=dict(type="RandomSampler", num=256),
    weight=10.0,
)

model = dict(
    heads=dict(
        real_a=dict(type="EmbeddingSetHead", of="ab", taps=TAPS),
        fake_a=dict(type="EmbeddingSetHead", of="ab", taps=TAPS),
        real_b=dict(type="EmbeddingSetHead", of="ba", taps=TAPS),
        fake_b=dict(type="EmbeddingSetHead", of="ba", taps=TAPS),
    ),
    phases=dict(
        generate=dict(
            groups=dict(_delete_=True),  # the heads learn at the generators' rate
            terms=dict(
                content_ab=dict(weight=0.5),  # half of DCLGAN's: the released code never applies its factor of 2
                content_ba=dict(weight=0.5),
                similarity_a=dict(
                    SIMILARITY, first=("ab", "a"), second=("ab", "ba(b)"), head="ab", set_heads=("real_a", "fake_a")
                ),
                similarity_b=dict(
                    SIMILARITY, first=("ba", "b"), second=("ba", "ab(a)"), head="ba", set_heads=("real_b", "fake_b")
                ),
            ),
        ),
    ),
)
