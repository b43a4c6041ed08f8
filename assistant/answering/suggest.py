"""Questions that people ask of any privacy or cookie policy; those that a policy answers are suggested."""

from __future__ import annotations

# Plainest first; whether a policy answers one is found out by asking it.
SUGGESTIONS = (
    "What information do you collect about me?",
    "Do you share my personal data with others?",
    "How do I delete my data?",
    "What do you use cookies for?",
    "How long do you keep my data?",
    "Can I see and correct my information?",
    "How do I withdraw my consent?",
    "How do you protect my data?",
    "Is my data sent to other countries?",
    "Will you tell me when this policy changes?",
    "How old must I be to use the service?",
    "How can I contact you about privacy?",
)
