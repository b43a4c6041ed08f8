"""Votes on answers and counts of what no policy covers, without the words of a question unless they are wanted."""
