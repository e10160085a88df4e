"""The exchange model served in the exchange's own protocol, HTTP and WebSocket."""
