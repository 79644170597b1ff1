"""Measured series: each rule against plain arithmetic."""
