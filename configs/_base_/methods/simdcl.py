"""SimDCL, Han et al. 2021, arXiv:2104.07689: DCLGAN whose images resemble the real ones of their domain as sets of patches."""

_base_ = "./dclgan.py"

TAPS = ["down1_conv", "down2_conv", "block1", "block5"]
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
            groups=dict(_delete_=True),  # heads learn as the generators do
            terms=dict(
                content_ab=dict(weight=0.5),
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
