"""Engine-wide liquidation. Source: strategies §11."""
