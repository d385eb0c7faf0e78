"""The delivery protocol, step by step and as a whole."""
