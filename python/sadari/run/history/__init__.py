"""Runs over history: a backtest, and what is built of many of them."""
