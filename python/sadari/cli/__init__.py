"""The command line: arguments in, one call to the composition, text out."""
