"""The desk of support agents: find, read, compare and collect clauses, and hand them out."""
