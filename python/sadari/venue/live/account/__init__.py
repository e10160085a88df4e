"""An account and its symbols: examined before anything is traded, and made ready."""
