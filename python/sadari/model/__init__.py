"""Frozen values that every other part speaks in: no behavior beyond their own arithmetic."""
