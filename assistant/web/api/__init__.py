"""The REST API: thin routes over the assistant, one form of errors, limits and figures."""
