"""The streams: their names and events, the listen key, and who gets what."""
