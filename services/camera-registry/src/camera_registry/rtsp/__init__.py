"""A camera's stream: asked, described, sampled, a keyframe taken from it and decoded, a still made of it."""
