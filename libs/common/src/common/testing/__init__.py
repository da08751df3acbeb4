"""What tests of every service stand on: real servers, real tokens, real HTTP. Never imported by a service."""
