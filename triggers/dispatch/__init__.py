"""Empties the queue of what is due, step by step: claim, compose, fire permit, send, result."""

from triggers.dispatch.drain import dispatch

__all__ = ["dispatch"]
