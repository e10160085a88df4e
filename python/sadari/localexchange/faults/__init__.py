"""What can go wrong on purpose: the words of it, the catalog, and faults of HTTP and of frames."""
