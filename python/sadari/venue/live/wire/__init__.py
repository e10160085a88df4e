"""Connections to the venue: HTTP, WebSockets, the streams over them, and the clock of the other side."""
