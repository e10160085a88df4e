"""What is configured: the file and its bounds, keys and tokens, and where an engine connects to."""
