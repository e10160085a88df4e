"""The server: HTTP, WebSockets, the WebSocket API and the control API, and the tape that is played."""
