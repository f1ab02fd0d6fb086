"""FastCUT, Park et al. 2020, arXiv:2007.15651, section 4.1: CUT without identity, on inputs mirrored at random.

    L_GAN(G, D, X, Y)  +  λ_X L_PatchNCE(G, H, X)      with λ_X = 10, λ_Y = 0
    gan, d                content

The letters are those of CUT; λ_X is not halved here, since there is no second term to take a mean with.
"""

_base_ = "./cut.py"

FAKE = "ab(mirror(a))"  # PatchTerm mirrors the features of the output back before it compares them

model = dict(
    views=dict(mirror=dict(type="Mirror", probability=0.5)),
    phases=dict(
        discriminate=dict(terms=dict(d=dict(fake=FAKE))),
        generate=dict(
            terms=dict(gan=dict(image=FAKE), content=dict(query=("ab", FAKE), weight=10.0), identity=None),
        ),
    ),
)
