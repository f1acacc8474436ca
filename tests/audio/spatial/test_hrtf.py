"""Responses of a head from SOFA files."""

from pathlib import Path

import numpy as np
import pytest

from engine.audio.spatial import hrtf
from engine.audio.spatial.hrtf import HrtfError, hrtf_facts, responses
from tests.support.optional import needs
from tests.support.sofa import TAPS, write_head

needs("scipy", "sofar")


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A spherical head, measured every 5 degrees."""
    return write_head(tmp_path_factory.mktemp("head") / "head.sofa").read_bytes()


def test_facts_are_those_of_the_file(head: bytes) -> None:
    facts = hrtf_facts(head)
    assert (facts.directions, facts.taps, facts.sample_rate) == (72, TAPS, 48_000)


def test_the_nearest_direction_is_used_and_the_error_is_known(head: bytes) -> None:
    found = responses(head, [-32.0, 0.0, 30.0])
    assert found.largest_error == pytest.approx(2.0, abs=0.01)
    assert set(found.by_azimuth) == {-32.0, 0.0, 30.0}


def test_directions_that_share_a_measured_one_share_its_response(
    head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = responses(head, list(np.linspace(-60, 60, 2000))).by_azimuth
    assert len({id(one) for one in many.values()}) == 25
    monkeypatch.setattr(hrtf, "MAX_VALUES", 2 * TAPS * 24)
    with pytest.raises(HrtfError, match="too long for so many directions"):
        responses(head, list(many))


def test_a_sound_from_the_right_is_earlier_and_louder_in_the_right_ear(head: bytes) -> None:
    left, right = responses(head, [45.0]).by_azimuth[45.0]
    assert np.abs(right).argmax() < np.abs(left).argmax()
    assert np.square(right).sum() > np.square(left).sum()


def test_a_sound_in_front_has_the_power_that_it_has_in_stereo(head: bytes) -> None:
    front = responses(head, [0.0]).by_azimuth[0.0]
    assert np.square(front).sum() == pytest.approx(1.0)


def test_delays_of_the_file_are_applied(tmp_path: Path) -> None:
    delays = write_head(tmp_path / "a.sofa", step=90, Data_Delay=np.array([[3.0, 10.0]]))
    plain = responses(write_head(tmp_path / "b.sofa", step=90).read_bytes(), [0.0])
    later = responses(delays.read_bytes(), [0.0]).by_azimuth[0.0]
    assert later.shape == (2, TAPS + 7)
    assert np.allclose(later[1, 7:], plain.by_azimuth[0.0][1])
    assert np.allclose(later[0, :TAPS], plain.by_azimuth[0.0][0])


def test_ears_in_the_other_order_are_put_right(tmp_path: Path, head: bytes) -> None:
    swapped = write_head(
        tmp_path / "a.sofa", ReceiverPosition=np.array([[0, -0.09, 0], [0, 0.09, 0]])
    )
    mirrored = responses(swapped.read_bytes(), [45.0]).by_azimuth[45.0]
    assert np.allclose(mirrored, responses(head, [45.0]).by_azimuth[45.0][::-1])


def test_cartesian_places_are_read(tmp_path: Path, head: bytes) -> None:
    angles = np.radians(np.arange(0, 360, 5))
    places = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    path = write_head(
        tmp_path / "a.sofa",
        SourcePosition=places,
        SourcePosition_Type="cartesian",
        SourcePosition_Units="metre",
    )
    assert np.allclose(
        responses(path.read_bytes(), [45.0]).by_azimuth[45.0],
        responses(head, [45.0]).by_azimuth[45.0],
    )


def test_files_that_cannot_be_used_are_refused(tmp_path: Path, head: bytes) -> None:
    nan = np.full((4, 2, TAPS), np.nan)
    broken = write_head(tmp_path / "a.sofa", step=90, Data_IR=nan).read_bytes()
    silent = write_head(tmp_path / "b.sofa", step=90, Data_IR=0 * np.ones((4, 2, 8))).read_bytes()
    slow = write_head(tmp_path / "c.sofa", step=90, Data_SamplingRate=4.0).read_bytes()
    late = write_head(tmp_path / "d.sofa", step=90, Data_Delay=np.array([[0, 1e9]])).read_bytes()
    reasons = {
        b"RIFF....": "is not a SOFA file",
        head[:2000]: "is damaged",
        head[: len(head) // 2]: "is damaged",
        broken: "not samples",
        silent: "silent",
        slow: "sample rate",
        late: "delays",
    }
    for data, reason in reasons.items():
        with pytest.raises(HrtfError, match=reason):
            responses(data, [0.0])


def test_a_file_of_transfer_functions_is_refused(tmp_path: Path) -> None:
    import sofar

    path = tmp_path / "tf.sofa"
    sofar.write_sofa(str(path), sofar.Sofa("SimpleFreeFieldHRTF"))
    with pytest.raises(HrtfError, match="FIR"):
        hrtf_facts(path.read_bytes())
