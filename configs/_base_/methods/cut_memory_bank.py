"""CUT's ablation, Park et al. 2020, arXiv:2007.15651, section 4.2: negatives from other images, as in MoCo.

Keys come from slow copies of generator and head, so that those of many steps can be held against one another.
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
