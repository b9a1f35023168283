"""What users of hosted models meet in their first hour, each as its server does it."""

import pytest

from stages.models.chat.hosted import HostedChat
from stages.models.hosted.identity import Host
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import Tariff
from stages.models.hosted.purse import Purse
from stages.models.questions import Decoding
from stages.storage.errors import StudyError
from tests.hosted.asked import DRAWN, answers, hosted, question, questions, serving
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.faults import Faults, refused
from tests.hosted.standin.server import Server
from tests.hosted.standin.speaking import says

VERSION = "2024-10-21"
TUNED = "gpt-4o-mini.ft-1"
DEPLOYED = "/openai/deployments/{id}/chat/completions"


def address(base_url, **more):
    return Host("gpt", TUNED, base_url, **more).url


def test_azures_older_addresses_have_the_deployment_in_them_and_its_newer_ones_do_not():
    azure = "https://mine.openai.azure.com/openai"
    older, newer = address(azure, api_version=VERSION), address(f"{azure}/v1", api_version="v1")
    assert older == f"{azure}/deployments/{TUNED}/chat/completions"
    assert newer == address(f"{azure}/v1") == f"{azure}/v1/chat/completions"
    named = f"{azure}/deployments/mine"
    assert address(named, api_version=VERSION) == f"{named}/chat/completions"
    other = address(azure, api_version=VERSION, deployments={TUNED: "a b"})
    assert other == f"{azure}/deployments/a%20b/chat/completions"


def azure(server, **deployments):
    """The finetuned model of a server of Azure's older shape."""
    model = hosted(server, model=TUNED, api_version=VERSION, api_key_env="TOY_KEY")
    object.__setattr__(model.host, "base_url", f"{server.url}/openai")
    object.__setattr__(model.host, "deployments", deployments)
    return model


def test_azure_is_asked_at_the_deployment_with_its_version_and_its_key(monkeypatch, tmp_path):
    monkeypatch.setenv("TOY_KEY", "sk-azure")
    with Server({("POST", DEPLOYED): Chat(models=("mine",)).complete}) as server:
        answers(azure(server, **{TUNED: "mine"}), [question(0)], tmp_path)
        request = server.log[0].request
        answers(azure(server), [question(0)], tmp_path)  # its deployment is no part of the key
        assert len(server.log) == 1
    assert request.path == DEPLOYED.format(id="mine") and request.json["model"] == "mine"
    assert request.query == {"api-version": VERSION} and request.headers["api-key"] == "sk-azure"


def test_a_finetuned_model_that_is_not_deployed_is_said_to_need_that_and_what_it_costs(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("TOY_KEY", "sk-azure")
    told = "The API deployment for this resource does not exist."
    absent = refused(404, told, code="DeploymentNotFound")
    path = DEPLOYED.format(id=TUNED)
    with Server(
        {("POST", DEPLOYED): Chat().complete}, faults=Faults({1: absent}, path=path)
    ) as server:
        with pytest.raises(StudyError, match="is not deployed") as error:
            answers(azure(server), questions(2), tmp_path)
        assert len(server.log) == 1
    said = str(error.value)
    assert f"{server.url}{path}" in said and "costs by the hour" in said
    assert f"models.toy.deployments of params.yaml: {{{TUNED}: NAME}}" in said


def test_headers_of_the_params_have_their_values_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("TITLE", "a study")
    with serving() as (server, _):
        model = hosted(server)
        object.__setattr__(model.host, "extra_headers", {"X-Title": "TITLE"})
        answers(model, [question(0)], tmp_path)
        assert server.log[0].request.headers["x-title"] == "a study"
        monkeypatch.delenv("TITLE")
        with pytest.raises(StudyError, match="the environment has no TITLE"):
            answers(model, [question(1)], tmp_path)


@pytest.mark.parametrize("inline", [True, False])
def test_an_answer_has_its_tokens_after_a_thought_that_has_its_own(inline, tmp_path):
    chat = Chat(thinks=50, inline=inline, speaker=says("Yes", " it", " is"))
    with serving(chat) as (server, _):
        short = answers(hosted(server), [question(0)], tmp_path, Decoding(3))["i0", 0]
        thinking = hosted(server, chat=HostedChat(thinking_tokens=50))
        found = answers(thinking, [question(0)], tmp_path, Decoding(3))["i0", 0]
    assert (short.text, short.finish_reason) == ("", "length")
    assert found.text == "Yes it is" and found.logprob == -0.75


def test_a_server_that_takes_fewer_stop_marks_than_openai_is_asked_without(tmp_path):
    with serving(Chat(most_stops=1, speaker=says("a", "b", "c"))) as (server, _):
        found = answers(hosted(server, stop=("x", "c")), questions(2), tmp_path)
        assert ["stop" in entry.request.json for entry in server.log] == [True, False, False]
    assert (found["i1", 0].text, found["i1", 0].finish_reason) == ("ab", "stop")


def test_a_limit_holds_by_estimates_where_a_server_counts_no_tokens(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path))
    limits = LimitsParams.model_validate({"max_tokens": 300})
    purse = Purse(Ledger(limits, "sample", tmp_path), Tariff("toy"))
    with serving(Chat(drops=frozenset({"usage"}))) as (server, chat):
        with pytest.raises(StudyError, match="max_tokens"):
            answers(hosted(server, purse=purse), questions(50), tmp_path, DRAWN)
        assert 0 < len(chat.answered) < 50
    paid = [total for total in purse.ledger.totals() if not total.open]
    assert paid[0].estimated == paid[0].requests == len(chat.answered)
    assert 0 < paid[0].tokens.total <= 300
