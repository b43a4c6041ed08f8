"""The web door: one FastAPI application with the chat at its root."""

from __future__ import annotations

import os

# Read by Gradio when it is imported, which happens in the modules below this package only.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
