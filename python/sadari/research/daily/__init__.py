"""One UTC day or week out of the records of a run, alone or beside another."""
