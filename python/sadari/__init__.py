"""Sadari: a position engine for Binance USDⓈ-M perpetual futures."""
