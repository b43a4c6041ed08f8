"""A privacy-policy assistant: questions are answered with cited passages, word for word."""
