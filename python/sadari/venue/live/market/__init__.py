"""The market as it is seen: candles, prices, and what the sensors make of them."""
