"""What may be asked, by whom and how often: parameters, keys, limits, endpoints."""
