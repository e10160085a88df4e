"""Every decision of the engine: pure functions over events and state."""
