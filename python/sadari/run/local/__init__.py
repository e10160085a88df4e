"""The local exchange and the demo, put together."""
