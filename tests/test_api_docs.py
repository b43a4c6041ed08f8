"""docs/api.md and the OpenAPI document say what is true; their examples are sent to a running server."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel

from assistant.json_form import answer_form, citation_form, policy_form
from assistant.settings import Settings
from assistant.types import text_sha256
from assistant.web.api import answers, requests
from assistant.web.api.problems import CODES
from assistant.web.limits import MAX_BODY_BYTES
from tests.api_fixtures import WordAssistant, api_over, read_corpus
from tests.test_project import table, tables
from tests.web_fixtures import answer, citation, serving

DOC = (Path(__file__).resolve().parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
OPENAPI: dict[str, Any] = api_over(WordAssistant()).openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in OPENAPI["paths"].items()
    for method, operation in operations.items()
}
FORMS = {
    "ask": (requests.AskRequest, answers.AnswerForm),
    "search": (requests.SearchRequest, answers.FoundForm),
    "compare": (requests.CompareRequest, answers.ComparisonForm),
    "suggestions": (None, answers.SuggestionsForm),
    "policies": (None, answers.PoliciesForm),
    "policy": (None, answers.PolicyTextForm),
    "clauses": (None, answers.ClausesForm),
    "topics": (None, answers.TopicsForm),
    "topic": (None, answers.TopicClausesForm),
    "feedback": (requests.FeedbackRequest, None),
    "healthz": (None, answers.AliveForm),
    "readyz": (None, answers.ReadyForm),
}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving(lambda: api_over(WordAssistant())) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def fields(form: type[BaseModel]) -> list[str]:
    return [known.alias or name for name, known in form.model_fields.items()]


def examples(operation: dict[str, Any]) -> tuple[Any, dict[str, Any], Any]:
    """Body, parameters and answer of an operation's examples; None for what it has not."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    parameters = {parameter["name"]: parameter["example"] for parameter in operation.get("parameters", ())}
    said = next(iter(operation["responses"].get("200", {}).get("content", {}).values()), {}).get("example")
    return body, parameters, said


# --- docs/api.md


def test_the_table_names_the_routes_there_are() -> None:
    assert [row[0] for row in table(DOC, "route", "what it does")] == list(OPERATIONS)


def test_the_tables_name_the_fields_of_requests_with_their_defaults() -> None:
    documented = [rows for heading, rows in tables(DOC) if heading == ["field", "default", "meaning"]]
    forms = [form for form, _ in FORMS.values() if form is not None]
    assert [[row[0] for row in rows] for rows in documented] == [fields(form) for form in forms]
    for rows, form in zip(documented, forms, strict=True):
        for row, known in zip(rows, form.model_fields.values(), strict=True):
            shown = {"": "PydanticUndefined", "null": "None"}.get(row[1], row[1].strip('"') or "")
            assert shown == str(known.default), row[0]


def test_the_table_names_the_codes_there_are() -> None:
    assert tuple(row[0] for row in table(DOC, "code", "status", "when")) == CODES
    assert answers.Problem.model_fields["code"].annotation.__args__ == CODES  # type: ignore[union-attr]


def test_the_table_names_the_figures_there_are(client: httpx.Client) -> None:
    families = {family.name for family in text_string_to_metric_families(client.get("/metrics").text)}
    named = {row[0] for row in table(DOC, "figure", "labels", "meaning")}
    assert named == {name for name in families if not name.endswith("_created")}


def test_the_limits_are_those_of_the_program() -> None:
    assert f"a body {MAX_BODY_BYTES // 1024} KiB" in DOC
    count, _, time = Settings().rate_limit.partition("/")
    assert f"{count} a {time} unless you say otherwise" in DOC


def test_the_commands_work(client: httpx.Client) -> None:
    lines = DOC.replace("\\\n", " ").splitlines()
    commands = [shlex.split(line) for line in lines if line.startswith("    curl ")]
    assert len(commands) == 10
    for _, address, *options in commands:
        path = address.removeprefix("http://127.0.0.1:7860")
        assert path != address
        given = dict(zip(options[::2], options[1::2], strict=True))
        if "-d" in given:
            name, _, value = given["-H"].partition(": ")
            said = client.post(path, content=given["-d"].encode(), headers={name: value})
        else:
            said = client.get(path)
        assert said.status_code in (200, 204), said.text


def test_the_error_shown_is_the_one_there_is(client: httpx.Client) -> None:
    (shown,) = re.findall(r"```json\n(.*)\n```", DOC)
    said = client.get("/api/topics/weather").text
    start, end = (re.sub(r"([:,]) ", r"\1", part) for part in shown.split("…"))
    plain = re.sub(r"([:,]) ", r"\1", said)
    assert plain.startswith(start)
    assert plain.endswith(end)


# --- the OpenAPI document


def test_every_operation_has_a_name_a_sentence_and_examples() -> None:
    assert {operation["operationId"] for operation in OPERATIONS.values()} == {*FORMS, "figures"}
    for name, operation in OPERATIONS.items():
        assert operation["description"].endswith("."), name
        body, parameters, said = examples(operation)
        assert ("requestBody" in operation) == (body is not None), name
        assert len(parameters) == len(operation.get("parameters", ())), name
        assert ("200" in operation["responses"]) == (said is not None), name


def test_every_refusal_is_a_problem() -> None:
    for name, operation in OPERATIONS.items():
        refusals = {status: said for status, said in operation["responses"].items() if status >= "4"}
        assert "500" in refusals, name
        assert ("429" in refusals) == ("/api/" in name), name
        for status, said in refusals.items():
            assert said["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }, f"{name} {status}"


@pytest.mark.parametrize("name", FORMS)
def test_examples_are_of_their_form_and_can_be_sent(client: httpx.Client, name: str) -> None:
    asks, says = FORMS[name]
    (address,) = (key for key, operation in OPERATIONS.items() if operation["operationId"] == name)
    body, parameters, said = examples(OPERATIONS[address])
    method, path = address.split()
    if asks is not None:
        assert set(body) == set(fields(asks))
        asks.model_validate(body)
    if says is not None:
        says.model_validate(said)
    query = {key: value for key, value in parameters.items() if f"{{{key}}}" not in path}
    real = client.request(method, path.format(**parameters), json=body, params=query)
    assert real.status_code in (200, 204), real.text
    if says is not None:
        says.model_validate(real.json())
        assert list(real.json()) == list(said) == fields(says)


def test_quotes_in_examples_are_verbatim() -> None:
    texts = {document.policy.id: document.text for document in read_corpus()[0]}
    shown = [found for operation in OPERATIONS.values() for found in _citations(examples(operation)[2])]
    assert len(shown) >= 5
    for found in shown:
        text = texts[found["policy"]]
        assert found["quote"] == text[slice(*found["span"])] == "".join(piece for piece, _ in found["pieces"])
        assert found["document_sha256"] == text_sha256(text)
        assert [piece for piece, marked in found["pieces"] if marked] == [text[slice(*mark)] for mark in found["marks"]]


def _citations(said: Any) -> Iterator[dict[str, Any]]:
    if isinstance(said, dict) and "quote" in said:
        yield said
    inner = said.values() if isinstance(said, dict) else said if isinstance(said, list) else ()
    for value in inner:
        yield from _citations(value)


def test_answers_are_those_of_every_other_door_and_more() -> None:
    cited = citation("For a year.")
    assert fields(answers.AnswerForm) == [*answer_form(answer("?", cited)), "suggestions"]
    assert fields(answers.CitationForm) == [*citation_form(cited), "pieces", "date_text"]
    assert fields(answers.PolicyForm) == list(policy_form(cited.policy))


def test_the_longest_question_is_that_of_the_settings() -> None:
    schemas = api_over(WordAssistant(), max_question_chars=77).openapi()["components"]["schemas"]
    assert schemas["AskRequest"]["properties"]["question"]["maxLength"] == 77
    assert schemas["SearchRequest"]["properties"]["query"]["maxLength"] == 77
    assert schemas["FeedbackRequest"]["properties"]["question"]["anyOf"][0]["maxLength"] == 77
    assert "maxLength" not in schemas["AnswerForm"]["properties"]["question"]
