from i2ikit.interfaces import HeadUse, Read


def test_taps_are_read_from_a_generator_by_its_full_name():
    assert Read.taps_of("ab", "b", ["stem", "up1"], grad=False) == Read(
        "b", network="generators.ab", taps=("stem", "up1"), grad=False
    )


def test_answers_are_read_from_a_discriminator_by_its_full_name():
    read = Read.logits_of("b", "ab(a)", leaf=True)
    assert (read.network, read.image, read.grad, read.leaf) == ("discriminators.b", "ab(a)", True, True)


def test_an_image_is_read_without_a_network_and_with_gradient():
    assert Read("ab(a)") == Read("ab(a)", network="", taps=("out",), grad=True, leaf=False)


def test_reads_and_uses_that_say_the_same_are_one():
    assert len({Read("a"), Read("a"), Read("a", grad=False)}) == 2
    assert len({HeadUse("f", "ab", ("stem",)), HeadUse("f", "ab", ("stem",))}) == 1
