"""Tests of the moment kinds."""
