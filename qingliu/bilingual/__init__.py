"""Judges and helps the English beside the Chinese."""
