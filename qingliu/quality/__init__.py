"""Judges what datasets are worth: marks, points, content findings, and how they changed."""
