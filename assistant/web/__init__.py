"""The web door: one FastAPI application with the chat at its root."""

from __future__ import annotations

import os

# Gradio reads these when it is imported, which only modules below this package do.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
# Even with analytics off it keeps the times of the last 10,000 events and computes a table of them with pandas after
# each one: keep one, compute never.
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**12)
