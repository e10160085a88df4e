"""What is traded: the tape, candles and values of each symbol."""
