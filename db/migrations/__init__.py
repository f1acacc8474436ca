"""One module for each version of the schema; what has been released is never edited."""
