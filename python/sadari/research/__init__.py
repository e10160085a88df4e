"""What a run amounts to: the report, its figures, and the bounds that candles leave open."""
