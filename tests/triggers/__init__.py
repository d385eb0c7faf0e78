"""Tests of WHEN and HOW."""
