"""Rules of live, recording and playback: pure, synchronous, without a clock and without input or output."""
