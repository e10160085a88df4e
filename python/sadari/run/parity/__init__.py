"""One tape over history and through the live engine, compared to the last digit."""
