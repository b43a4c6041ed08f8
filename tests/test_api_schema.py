"""Requests drawn from the OpenAPI document, good and bad, sent to a running server: each answer is as documented."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
import schemathesis
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig

from tests.api_fixtures import WordAssistant, api_over
from tests.web_fixtures import serving

EXAMPLES = 60

generation = GenerationConfig(deterministic=True, database="none", max_examples=EXAMPLES)
config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation, request_timeout=60)))
documented = schemathesis.openapi.from_dict(api_over(WordAssistant()).openapi(), config=config)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(lambda: api_over(WordAssistant())) as url:
        yield url


@documented.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, suppress_health_check=list(hypothesis.HealthCheck))
def test_answers_are_as_documented(case: schemathesis.Case, url: str) -> None:
    case.call_and_validate(base_url=url)
