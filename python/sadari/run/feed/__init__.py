"""What a run is fed with: files or a made-up market, the contracts of it, and the sensors that look at it."""
