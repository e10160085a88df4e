"""The venue over real sockets."""
