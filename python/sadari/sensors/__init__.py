"""Sensors: dense market data in, sparse verdicts out. Each rule is driven two ways that agree bit for bit."""
