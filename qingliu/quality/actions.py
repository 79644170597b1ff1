"""Writes of the quality room."""
