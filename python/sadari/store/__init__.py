"""What is kept in files: market history coming in, the journal of a run going out."""
