"""What the errors of known servers mean, by their own words."""

import json

import pytest

from stages.models.hosted.failures import Again, Cannot, Ends, Fails, of_status, retry_after
from stages.models.hosted.identity import Host

HOST = Host("toy", "toy", "https://example.org/v1")
SENT = dict.fromkeys(
    ("model", "messages", "n", "seed", "max_tokens", "temperature", "stop", "logprobs")
) | {"top_logprobs": 20}


def said(message: str, **more: str) -> dict:
    return {"error": {"message": message, **more}}


REFUSED = {
    "OpenAI, reasoning": (
        400,
        said(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead.",
            param="max_tokens",
            code="unsupported_parameter",
        ),
        "max_tokens",
    ),
    "OpenAI, temperature": (
        400,
        said("Unsupported value: 'temperature' does not support 0 with this model."),
        "temperature",
    ),
    "OpenAI, logprobs": (
        403,
        said("You are not allowed to request logprobs from this model"),
        "logprobs",
    ),
    "OpenAI, alternatives": (
        400,
        said("Invalid value for 'top_logprobs': must be less than or equal to 5."),
        "top_logprobs",
    ),
    "OpenAI, stop": (
        400,
        said("Invalid 'stop': array too long. Expected an array with maximum length 4"),
        "stop",
    ),
    "Azure, seed": (400, said("Unrecognized request argument supplied: seed"), "seed"),
    "Azure, n": (400, said("Unrecognized request argument supplied: n"), "n"),
    "vLLM, n": (
        400,
        {"object": "error", "message": "n must be 1 when using greedy sampling, got 4."},
        "n",
    ),
    "Groq, n": (400, said("'n' : number must be at most 1"), "n"),
    "Groq, logprobs": (400, said("property 'logprobs' is unsupported"), "logprobs"),
    "Mistral, seed": (
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs"}]},
        "seed",
    ),
}


def of(status: int, body: object, **headers: str):
    return of_status(HOST, status, headers, json.dumps(body).encode(), SENT)


@pytest.mark.parametrize("name", REFUSED)
def test_the_parameter_that_a_server_refuses_is_found_in_its_words(name):
    status, body, parameter = REFUSED[name]
    found = of(status, body)
    assert isinstance(found, Cannot) and found.parameter == parameter


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
        "'max_tokens' or 'max_completion_tokens' is too large: 5000.",
        "Invalid value: messages[0].role isn't known",
        "Something went wrong in the n-th message",
    ],
)
def test_an_error_of_the_prompt_is_of_this_request_alone(message):
    assert isinstance(of(400, said(message)), Fails)


def test_a_model_that_thinks_to_its_last_token_is_told_apart_from_one_without_a_limit():
    openai = said(
        "Could not finish the message because max_tokens or model output limit was reached. "
        "Please try again with higher max_tokens."
    )
    found = of(400, openai)
    assert isinstance(found, Fails) and "chat.models.toy.thinking_tokens" in found.why


def test_a_filter_of_the_prompt_is_told_apart():
    azure = said("The response was filtered due to the prompt", code="content_filter")
    assert of(400, azure) == Fails("400: The response was filtered due to the prompt", True)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "Incorrect API key"),
        (402, "Insufficient credits"),
        (403, "unsupported_country_region_territory"),
        (404, "The model `toy` does not exist"),
        (405, "Method Not Allowed"),
        (429, "You exceeded your current quota, please check your plan and billing details."),
        (429, "insufficient_quota"),
    ],
)
def test_what_every_request_would_meet_ends_the_run(status, message):
    assert isinstance(of(status, said(message)), Ends)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_what_may_pass_is_tried_again_when_the_server_says(status):
    found = of(status, said("busy"), **{"retry-after": "130"})
    assert isinstance(found, Again) and found.after == 130 and found.limited is (status == 429)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Wed, 01 Jan 2025 00:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
    ],
)
def test_the_time_to_wait_is_read_in_all_its_forms(headers, seconds):
    assert retry_after(headers) == seconds


def test_what_a_server_says_is_one_plain_and_short_line():
    found = of(500, said("\x1b[31mred\n" + "x" * 9999))
    assert found.why.isprintable() and len(found.why) < 400
