"""Made-up campaigns whose truth is known: how often do the ranges hold it, and how often is a verdict false?"""
