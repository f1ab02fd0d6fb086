import pytest

from i2ikit.data.bad_files import BadFiles
from i2ikit.errors import DataError


def test_a_fraction_of_the_files_is_allowed_and_at_least_one():
    allowed = {(0, 1000): 0, (0.01, 20): 1, (0.01, 1000): 10, (1, 7): 7}
    assert {key: BadFiles(*key).allowed for key in allowed} == allowed


def test_what_was_found_before_a_resume_counts_and_is_not_reported_again():
    before, after = BadFiles(0.2, 10), BadFiles(0.2, 10)
    before.add(["a is bad", "b is bad", "a is bad"])
    assert before.new() == ["a is bad", "b is bad"]
    assert before.new() == []
    after.load_state_dict(before.state_dict())
    after.add(["b is bad"])
    assert after.new() == []
    with pytest.raises(DataError, match=r"(?s)3 of 10 files cannot be read.*a is bad\n  - b is bad\n  - c is bad"):
        after.add(["c is bad"])


def test_a_long_list_is_cut():
    bad = BadFiles(0.001, 1000)
    with pytest.raises(DataError, match=r"(?s)30 of 1000 files.*19 is bad\n  and 10 more"):
        bad.add([f"{k} is bad" for k in range(30)])
