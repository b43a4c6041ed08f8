"""The OpenAPI document: what FastAPI knows of the routes, with examples and the form of errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from assistant.web.api.answers import Problem
from assistant.web.api.problems import MEDIA_TYPE

_EXAMPLES = Path(__file__).with_name("examples.json")
_ABOUT = (
    "Answers questions about privacy policies with cited clauses, word for word, never with generated text. "
    "Errors are problem details as RFC 9457 has them; `code` is meant for programs, `detail` for people."
)
_REFUSED = {
    "404": "There is no such policy, clause, topic or address.",
    "413": "The body is too large.",
    "422": "The request is not of the form that is asked for, or the question cannot be asked.",
    "429": "This client has sent too many requests; Retry-After says how many seconds to wait.",
    "500": "The server failed.",
    "503": "The server is busy or not ready.",
}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
Json = dict[str, Any]


def describe(routes: Sequence[BaseRoute], max_question_chars: int) -> Json:
    """The document.

    Args:
        routes: of the API.
        max_question_chars: longest question, in code points.
    """
    document: Json = get_openapi(title="Ask the privacy policy", version="1", description=_ABOUT, routes=routes)
    schemas = document["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema()
    for schema in schemas.values():
        for name in {"question", "query"} & schema.get("properties", {}).keys():
            _bound(schema["properties"][name], max_question_chars)
    examples = orjson.loads(_EXAMPLES.read_bytes())
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete(path, operation, examples[operation["operationId"]])
    return document


def _complete(path: str, operation: Json, examples: Json) -> None:
    """Adds examples, and what is answered where a request is refused, to one operation."""
    limited = path.startswith("/api/")
    refusals = {"429", "500", "503"} if limited else {"500", "503"}
    if "requestBody" in operation:
        refusals |= {"404", "413", "422"}
        operation["requestBody"]["content"]["application/json"]["example"] = examples["request"]
    for parameter in operation.get("parameters", ()):
        refusals |= {"404", "422"}
        parameter["example"] = examples["parameters"][parameter["name"]]
    answers = operation["responses"]
    for content in answers.get("200", {}).get("content", {}).values():
        content["example"] = examples["response"]
    if examples.get("etag"):
        answers["304"] = {"description": "The client has it already: If-None-Match names its entity tag."}
    for status in sorted(refusals):
        answers[status] = {"description": _REFUSED[status], "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}


def _bound(schema: Json, max_question_chars: int) -> None:
    """Writes the longest question into the schema of a question, or of a question or null."""
    for choice in (schema, *schema.get("anyOf", ())):
        if choice.get("type") == "string" and "pattern" in choice:
            choice["maxLength"] = max_question_chars
