"""What an engine shows of itself, as values and in words."""
