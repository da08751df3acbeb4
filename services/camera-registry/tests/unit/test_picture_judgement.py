"""A real street, darkened, blurred, shifted, frozen: each flips its own verdict; noise and people flip none."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_registry.domain.picture import Grey, difference, likeness, measure
from camera_registry.domain.picture_judgement import PictureMemory, judge
from camera_registry.health_rules_file import health_rules
from camera_registry.rtsp.keyframe_decoder import KeyframeUnreadable, decode
from contracts.registry import AlarmKind

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RULES = health_rules().picture
PICTURES = Path(__file__).parent / "pictures"
NOBODY = dict.fromkeys(
    (AlarmKind.IMAGE_NOIRE, AlarmKind.IMAGE_FIGEE, AlarmKind.IMAGE_FLOUE, AlarmKind.CAMERA_DEPLACEE), False
)


def street(name: str) -> Grey:
    with av.open(str(PICTURES / f"street_{name}.jpg")) as still:
        frame = next(still.decode(video=0))
    return frame.to_ndarray(format="gray").astype(np.uint8)


A, B = street("a"), street("b")


def noisy(grey: Grey, seed: int, sigma: float = 2.0) -> Grey:
    noise = np.random.default_rng(seed).normal(0, sigma, grey.shape)
    return np.clip(np.rint(grey + noise), 0, 255).astype(np.uint8)


def blurred(grey: Grey, rounds: int) -> Grey:
    plane = grey.astype(np.float32)
    for _ in range(rounds):
        plane = (
            plane + np.roll(plane, 1, 0) + np.roll(plane, -1, 0) + np.roll(plane, 1, 1) + np.roll(plane, -1, 1)
        ) / 5
    return np.rint(plane).astype(np.uint8)


def darkened(grey: Grey, share: float) -> Grey:
    return (grey * share).astype(np.uint8)


def through_codec(grey: Grey, codec: str, quality: int) -> Grey:
    """Encode and decode the picture, as the camera's encoder does anew at each keyframe."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = grey.shape[1], grey.shape[0], "yuv420p"
    encoder.framerate = Fraction(25)
    encoder.options = {"crf": str(quality), "preset": "ultrafast"}
    frame = VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return decode("H.264", b"".join(bytes(packet) for packet in packets))[0]


@cache
def _years() -> PictureMemory:
    memory = PictureMemory()
    for turn in range(10):
        grey = noisy(A if turn % 2 else B, turn)
        judge(memory, [measure(grey)], AT + timedelta(hours=turn), ptz=False, rules=RULES)
    return memory


def experienced() -> PictureMemory:
    """Return the memory of a camera that has watched the street for a while."""
    return deepcopy(_years())


def verdicts(memory: PictureMemory, *greys: Grey, ptz: bool = False) -> dict[AlarmKind, bool | None]:
    looks = [measure(grey) for grey in greys]
    return dict(judge(memory, looks, AT + timedelta(days=1), ptz=ptz, rules=RULES).bad)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    sigma=st.floats(0.5, 5.0),
    share=st.floats(0.45, 1.0),
    quality=st.integers(18, 32),
    first=st.booleans(),
)
def test_noise_encoding_people_and_dusk_are_no_trouble(
    seed: int, sigma: float, share: float, quality: int, *, first: bool
) -> None:
    grey = through_codec(darkened(noisy(A if first else B, seed, sigma), share), "libx264", quality)
    seen = verdicts(experienced(), grey)
    assert {kind: bool(verdict) for kind, verdict in seen.items()} == NOBODY


@settings(max_examples=20, deadline=None)
@given(share=st.floats(0.0, 0.08), seed=st.integers(0, 1000))
def test_what_nothing_lights_is_black_and_only_black(share: float, seed: int) -> None:
    seen = verdicts(experienced(), noisy(darkened(A, share), seed, 1.0))
    assert [kind for kind, bad in seen.items() if bad] == [AlarmKind.IMAGE_NOIRE]


def test_a_night_street_with_one_lamp_is_not_black() -> None:
    night = darkened(A, 0.05)
    night[20:50, 100:150] = 200
    assert verdicts(experienced(), night)[AlarmKind.IMAGE_NOIRE] is False


def test_a_covered_lens_is_black_whatever_its_colour() -> None:
    findings = judge(experienced(), [measure(noisy(np.full_like(A, 140), 1, 1.0))], AT, ptz=False, rules=RULES)
    assert findings.bad[AlarmKind.IMAGE_NOIRE] is True
    assert "couvert" in findings.words[AlarmKind.IMAGE_NOIRE]


@settings(max_examples=20, deadline=None)
@given(rounds=st.integers(2, 20), seed=st.integers(0, 1000), share=st.floats(0.5, 1.0))
def test_a_blurred_street_is_blurred_and_only_that(rounds: int, seed: int, share: float) -> None:
    seen = verdicts(experienced(), noisy(darkened(blurred(A, rounds), share), seed, 0.5))
    assert [kind for kind, bad in seen.items() if bad] == [AlarmKind.IMAGE_FLOUE]


@settings(max_examples=20, deadline=None)
@given(right=st.integers(20, 160), seed=st.integers(0, 1000))
def test_a_shifted_street_is_moved_and_only_that(right: int, seed: int) -> None:
    elsewhere = noisy(np.roll(A, right, axis=1), seed)
    seen = verdicts(experienced(), elsewhere)
    assert [kind for kind, bad in seen.items() if bad] == [AlarmKind.CAMERA_DEPLACEE]
    assert verdicts(experienced(), elsewhere, ptz=True)[AlarmKind.CAMERA_DEPLACEE] is None


def test_a_pole_that_sways_by_a_hundredth_has_not_moved() -> None:
    assert verdicts(experienced(), np.roll(A, 3, axis=1))[AlarmKind.CAMERA_DEPLACEE] is False


def test_the_shift_is_said() -> None:
    place, (right, down) = likeness(measure(np.roll(A, 40, axis=1)).edges, measure(A).edges)
    assert place < 0.5
    assert (round(right, 2), round(down, 2)) == (0.12, 0.0)


def test_the_very_same_picture_is_still_and_its_clock_may_run() -> None:
    memory = experienced()
    verdicts(memory, A)
    written = A.copy()
    written[4:10, 4:60] = 255 - written[4:10, 4:60]
    assert verdicts(memory, written)[AlarmKind.IMAGE_FIGEE] is True
    assert verdicts(memory, A, noisy(A, 5))[AlarmKind.IMAGE_FIGEE] is False, "two keyframes of one look differ"


def test_encoding_a_frozen_picture_anew_does_not_hide_it() -> None:
    memory = experienced()
    verdicts(memory, through_codec(A, "libx264", 22))
    assert verdicts(memory, through_codec(A, "libx264", 22))[AlarmKind.IMAGE_FIGEE] is True


def test_a_quiet_night_is_not_frozen_once_it_was_seen() -> None:
    memory = PictureMemory()
    for turn in range(20):
        quiet = noisy(darkened(A, 0.3), turn, 0.6)
        assert verdicts(memory, quiet)[AlarmKind.IMAGE_FIGEE] is False


def test_a_new_camera_is_not_judged_before_it_has_a_past() -> None:
    seen = verdicts(PictureMemory(), A)
    assert seen[AlarmKind.IMAGE_FLOUE] is None
    assert seen[AlarmKind.CAMERA_DEPLACEE] is None


def test_a_scene_that_changes_all_the_time_is_no_fixed_view() -> None:
    memory = PictureMemory()
    for turn in range(12):
        verdicts(memory, noisy(np.roll(A, turn * 37, axis=1), turn))
    assert verdicts(memory, np.roll(B, 90, axis=1))[AlarmKind.CAMERA_DEPLACEE] is None


def test_a_fault_is_not_learned_as_usual() -> None:
    memory = experienced()
    for _ in range(100):
        assert verdicts(memory, noisy(blurred(A, 6), 3, 0.5))[AlarmKind.IMAGE_FLOUE] is True


def test_difference_counts_grey_levels() -> None:
    small = measure(A).small
    assert difference(small, small, 0.02) == 0
    assert difference(small, (small.astype(np.int16) + 1).clip(0, 255).astype(np.uint8), 0.0) == pytest.approx(
        1, abs=0.1
    )


def test_bytes_that_are_no_picture_are_refused() -> None:
    with pytest.raises(KeyframeUnreadable):
        decode("H.264", b"\x00\x00\x00\x01\x65garbage")
