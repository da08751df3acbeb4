"""The media engine as one supervised ffmpeg per pull: the compatible way to any camera."""
