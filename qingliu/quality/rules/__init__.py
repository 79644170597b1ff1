"""The judges' rules: pure functions over frozen values."""
