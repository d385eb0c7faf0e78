"""Gestures into words: a strict template sandbox, inlined HTML, a text part, counted links."""
