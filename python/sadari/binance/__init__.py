"""The venue's language: what it sends and wants, as values of ours. Nothing here does input or output."""
