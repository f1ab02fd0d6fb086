from typing import Any

import pytest

from i2ikit.config.channels import by_domain, channel_errors, follow_data

RESNET, PATCHGAN = {"type": "ResNetGenerator"}, {"type": "PatchGANDiscriminator"}


def config(data: dict[str, Any], **networks: Any) -> dict[str, Any]:
    model = {"generators": {"ab": RESNET, "ba": RESNET}, "discriminators": {"a": PATCHGAN, "b_2": PATCHGAN}}
    return {"model": {**model, **networks}, "data": {"train": {"type": "UnpairedFolders", "root": "x"}, **data}}


def paths(found: dict[str, Any]) -> list[str]:
    return [error.path for error in channel_errors(found)]


def test_networks_follow_the_channels_of_their_domains() -> None:
    model = follow_data(config({"channels": {"a": 5, "b": 1}}))["model"]
    assert model["generators"]["ab"] == {**RESNET, "in_channels": 5, "out_channels": 1}
    assert model["generators"]["ba"] == {**RESNET, "in_channels": 1, "out_channels": 5}
    assert model["discriminators"]["a"] == {**PATCHGAN, "in_channels": 5}
    assert model["discriminators"]["b_2"] == {**PATCHGAN, "in_channels": 1}


def test_nothing_changes_where_no_channels_are_stated() -> None:
    assert follow_data(config({})) == config({})
    assert follow_data({"data": 3}) == {"data": 3}


def test_the_data_set_may_state_them_itself() -> None:
    own = config({"train": {"type": "UnpairedFolders", "root": "x", "channels": 2}})
    assert follow_data(own)["model"]["generators"]["ab"]["in_channels"] == 2
    assert paths(follow_data(own)) == []


def test_a_network_keeps_its_own_and_is_an_error() -> None:
    found = follow_data(config({"channels": 1}, generators={"ab": {**RESNET, "out_channels": 3}}))
    assert found["model"]["generators"]["ab"] == {**RESNET, "in_channels": 1, "out_channels": 3}
    errors = list(channel_errors(found))
    assert [error.path for error in errors] == ["model.generators.ab.out_channels"]
    assert "Set data.channels=3, or model.generators.ab.out_channels=1." in errors[0].message


def test_a_network_for_gray_images_alone_asks_for_gray_data() -> None:
    networks = {
        "generators": {"ab": {**RESNET, "in_channels": 1}},
        "discriminators": {"b": {**PATCHGAN, "in_channels": 1}},
    }
    assert paths(config({}, **networks)) == ["model.generators.ab.in_channels", "model.discriminators.b.in_channels"]


def test_a_data_set_of_fixed_channels_takes_no_others() -> None:
    stripes = {"train": {"type": "Stripes"}}
    assert paths(config(stripes)) == []
    assert paths(config({**stripes, "channels": 1})) == ["data.channels"]
    assert paths(config(stripes, generators={"ab": {**RESNET, "in_channels": 1}})) == [
        "model.generators.ab.in_channels"
    ]


def test_unregistered_parts_are_left_to_other_checks() -> None:
    found = config({"channels": 1}, generators={"ab": {"type": "Unregistered"}, "other": RESNET, "ba": None})
    assert follow_data(found)["model"]["generators"] == {"ab": {"type": "Unregistered"}, "other": RESNET, "ba": None}
    assert paths(follow_data(found)) == []


@pytest.mark.parametrize("channels", [None, "3", {"a": 1}, 2.5])
def test_what_is_no_number_of_channels_is_left_to_the_check_of_the_section(channels: Any) -> None:
    assert by_domain(channels) == {}
