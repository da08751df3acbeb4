"""What we write is what any player reads: PyAV demuxes our files to the very samples and times that went in."""

import io
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.domain.boxes import read_fragment, read_init
from stream_gateway.domain.fragments import FragmentSplitter
from stream_gateway.domain.muxing import durations, fragment, init_segment
from stream_gateway.testing.filmed import MEDIA, filmed_groups

FILMS = sorted(MEDIA.glob("*.mp4"))


@pytest.mark.parametrize("film", FILMS, ids=lambda path: path.stem)
def test_pyav_reads_the_samples_that_were_written(film: Path) -> None:
    parameters, units = filmed_groups(film, groups=3)
    content = init_segment(parameters).content
    for sequence, begin in enumerate(range(0, len(units), 25), start=1):
        some = units[begin : begin + 25]
        following = units[begin + 25].time if begin + 25 < len(units) else some[-1].time + 7200
        content += fragment(some, following, sequence=sequence, since=units[0].time).content
    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.width, stream.codec_context.height) == (parameters.width, parameters.height)
        packets = [packet for packet in container.demux(stream) if packet.size]
    assert [bytes(packet) for packet in packets] == [unit.sample for unit in units]
    assert [packet.dts for packet in packets] == [unit.time - units[0].time for unit in units]
    assert [packet.is_keyframe for packet in packets] == [unit.keyframe for unit in units]
    with av.open(io.BytesIO(content), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == len(units)


@pytest.mark.parametrize("film", FILMS, ids=lambda path: path.stem)
def test_the_codec_string_is_that_of_the_film(film: Path) -> None:
    parameters, _ = filmed_groups(film, groups=1)
    init = init_segment(parameters)
    kind = "avc1." if parameters.codec is Codec.H264 else "hvc1."
    assert init.codec.startswith(kind)
    assert read_init(init.content).timescale == 90_000


units_drawn = st.lists(
    st.builds(
        lambda size, key, step, shown: (bytes(size), key, step, shown),
        st.integers(1, 300),
        st.booleans(),
        st.integers(1, 900_000),
        st.integers(0, 18_000),
    ),
    min_size=1,
    max_size=60,
)


@given(drawn=units_drawn, start=st.integers(0, 2**40), last=st.integers(1, 90_000))
def test_our_reader_finds_what_our_writer_wrote(
    drawn: list[tuple[bytes, bool, int, int]], start: int, last: int
) -> None:
    time, units = start, list[AccessUnit]()
    for sample, keyframe, step, shown in drawn:
        units.append(AccessUnit(sample, keyframe, time, shown))
        time += step
    following = units[-1].time + last
    made = fragment(units, following, sequence=1)
    moof = made.content[: int.from_bytes(made.content[:4], "big")]
    times = read_fragment(moof)
    assert (times.decode_time, times.keyframe) == (start, units[0].keyframe)
    assert times.duration == following - start == sum(durations(units, following))
    assert len(made.content) == len(moof) + 8 + sum(len(unit.sample) for unit in units)
    (read,) = FragmentSplitter().feed(made.content)
    assert read == made


def test_a_sequence_set_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="SPS"):
        init_segment(ParameterSets(Codec.H264, (), (b"\x67\x42",), (b"\x68\xce",), 640, 360))
