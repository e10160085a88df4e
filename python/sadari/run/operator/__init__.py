"""What a person asks of an engine: over its control socket, in its process, beside it."""
