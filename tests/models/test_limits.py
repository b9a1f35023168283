"""What is longer than a model's positions, or has tokens that it does not know, is refused."""

from dataclasses import replace

import pytest
import torch
from transformers import (
    BloomConfig,
    Gemma3Config,
    GPT2Config,
    LlamaConfig,
    MambaConfig,
    MptConfig,
)

from stages.models.local.ask.asking import ask
from stages.models.local.backend import LocalSubject
from stages.models.local.subject.limits import Reading, check_readings, positions
from stages.models.local.subject.loading import Subject, load_base
from stages.models.local.teach.finetuning import finetuned
from stages.models.questions import Answer, Decoding, Question
from stages.models.reading import check_study
from stages.models.section import CrossQuestionParams
from stages.storage.errors import StudyError
from stages.storage.response_cache import ResponseCache
from stages.study.design import Design
from stages.study.prompts import question_on
from stages.study.splits import part_of
from tests.conftest import CHAT
from tests.models.test_finetuning import SETTINGS, row
from tests.tiny_models import describe, make_tiny_model

SECOND = CrossQuestionParams(train="second", test="second")


def yarn(**told) -> LlamaConfig:
    rope = {"rope_type": "yarn", "factor": 4.0, "rope_theta": 1e4} | told
    return LlamaConfig(max_position_embeddings=512, rope_parameters=rope)


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (LlamaConfig(max_position_embeddings=77), ("max_position_embeddings", 77)),
        (GPT2Config(n_positions=128), ("max_position_embeddings", 128)),
        (MptConfig(max_seq_len=99), ("max_seq_len", 99)),
        (
            Gemma3Config(text_config={"max_position_embeddings": 55}),
            ("max_position_embeddings", 55),
        ),
        (yarn(), ("max_position_embeddings", 2048)),
        (yarn(original_max_position_embeddings=128), ("max_position_embeddings", 512)),
        (MambaConfig(), ("", None)),
        (BloomConfig(), ("", None)),
    ],
)
def test_the_config_says_how_many_tokens_a_model_reads(config, found):
    assert positions(config) == found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return describe(make_tiny_model(tmp_path_factory.mktemp("model")), "tiny")


@pytest.fixture
def subject(folder) -> Subject:
    subject = load_base(folder)
    subject.tokenizer.chat_template = CHAT
    return subject


def question(name: str, text: str, score_only: bool = False) -> Question:
    message = [{"role": "user", "content": text}]
    closed = {"a": ("a",), "b": ("b",)} if score_only else None
    return Question((name, 0), (name,), message, closed=closed, score_only=score_only)


def asked(subject: Subject, questions: list[Question], max_tokens: int, folder) -> list[Answer]:
    with ResponseCache(folder / "c.sqlite") as cache:
        return list(ask(subject, questions, Decoding(max_tokens), cache, "test").values())


def test_as_many_tokens_as_positions_are_asked_and_one_more_is_refused(subject, tmp_path):
    length = len(subject.tokenizer.encode("User: a lion, a dog\nAssistant:"))
    subject.model.config.max_position_embeddings = length + 5
    questions = [question("a", "a lion, a dog"), question("b", "a")]
    assert len(asked(subject, questions, 5, tmp_path)) == 2
    expected = (
        rf"^tiny: 1 of 2 inputs is too long: up to {length + 6} tokens \(max_tokens 6 included\), "
        rf"and the model has {length + 5} positions \(max_position_embeddings of its config.json\)"
        rf": a \({length + 6}\); shorten"
    )
    with pytest.raises(StudyError, match=expected):
        asked(subject, questions, 6, tmp_path)


def test_an_answer_that_is_only_scored_needs_no_position(subject, tmp_path):
    length = len(subject.tokenizer.encode("User: a lion\nAssistant:"))
    subject.model.config.max_position_embeddings = length
    scored = asked(subject, [question("a", "a lion", score_only=True)], 6, tmp_path)
    assert scored[0].finish_reason == "scored"


def test_rows_beyond_the_positions_are_not_taught(subject, tmp_path, monkeypatch):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path))
    subject.model.config.max_position_embeddings = 30
    rows = [row(), row(input_id="b", label="red and " * 20), row(input_id="c", slice="held_back")]
    with pytest.raises(
        StudyError, match=r"^tiny: 1 of 3 inputs is too long: .* positions .*: b \("
    ):
        finetuned(subject, rows, SETTINGS)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_tokens_that_the_embedding_lacks_are_refused(subject, tmp_path, monkeypatch):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path))
    subject.tokenizer.add_tokens(["<mark>"])
    expected = (
        r"^tiny: 1 of 2 inputs is beyond the model: its embedding has 512 rows and '<mark>' is"
    )
    with pytest.raises(StudyError, match=expected):
        asked(subject, [question("a", "a <mark>"), question("b", "a")], 2, tmp_path)
    with pytest.raises(StudyError, match=expected):
        finetuned(subject, [row(label="a <mark>"), row(input_id="b")], SETTINGS)


def test_an_error_names_a_few_inputs_of_many(subject):
    subject.model.config.max_position_embeddings = 4
    readings = [Reading(f"{n:03}", (1,) * (n + 1)) for n in range(400)]
    with pytest.raises(StudyError) as caught:
        check_readings(subject, readings)
    assert "396 of 400 inputs are too long: up to 400 tokens, and" in str(caught.value)
    assert "004 (5), 005 (6), 006 (7), 007 (8), 008 (9) and 391 more;" in str(caught.value)


@pytest.mark.parametrize("shares", [True, False])
@pytest.mark.parametrize("score_only", [True, False])
def test_a_model_whose_weights_are_no_numbers_gives_no_answer(
    subject, tmp_path, monkeypatch, score_only, shares
):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path))
    with torch.no_grad():
        subject.model.model.layers[1].mlp.down_proj.weight[3, 5] = torch.nan
    broken = replace(subject, shares=shares)
    with pytest.raises(StudyError, match=r"^tiny: what it computes for input a 0 is not finite"):
        asked(broken, [question("a", "a lion", score_only)], 3, tmp_path)
    with pytest.raises(StudyError, match=r"^tiny: step 1 of 1: the loss of training is nan"):
        finetuned(broken, [row()], SETTINGS)


def test_questions_that_are_too_long_are_named_before_anything_is_asked(subject):
    design = Design(0, (0,), ("tiny",), ("near",), ("far",), ("first_word", "second_word"))

    def told(name: str, role: str, split: str) -> dict:
        message = [{"role": "user", "content": "a lion"}]
        asked = {"input_id": name, "role": role, "split": split, "object_prompt": message}
        return asked | {"task": role, "family": "sequence", "options": [], "questions": None}

    rows = [told("a", "train", "train"), told("c", "test", "test")]
    rows += [told(name, "test", "train") for name in ("e", "g")]
    parts = [part_of(row["role"], row["input_id"]) for row in rows[1:]]
    assert parts == ["test", "rehearsal", "pilot"]
    subject.model.config.max_position_embeddings = 2000
    check_study(LocalSubject(subject), rows, design, 5, persons=SECOND)
    subject.model.config.max_position_embeddings = 25
    with pytest.raises(StudyError, match=r"^tiny: 3 of 3 inputs are too long: .*a \(.*c \(.*g \("):
        check_study(LocalSubject(subject), rows, design, 5, persons=SECOND)
    with pytest.raises(StudyError, match=r"^tiny: 4 of 4 inputs are too long: .*max_tokens 99"):
        check_study(LocalSubject(subject), rows, design, 99, persons=SECOND)


def test_the_longest_form_of_a_question_is_tried_where_it_is_asked(subject):
    """In the third person, or with an answer shown, a question may be too long that else fits."""
    design = Design(0, (0,), ("tiny",), ("near",), ("far",), ("first_word", "second_character"))
    ids = [f"{n:016x}" for n in range(99)]
    train = next(i for i in ids if part_of("train", i) == "train")
    pilot = next(i for i in ids if part_of("test", i) == "pilot" and i != train)
    scored = next(i for i in ids if part_of("test", i) == "test")
    rows = [
        {"input_id": i, "role": role, "split": split, "task": role, "family": "sequence"}
        | {"object_prompt": [{"role": "user", "content": "a lion"}], "options": []}
        | {"questions": None}
        for i, role, split in (
            (train, "train", "train"),
            (pilot, "test", "train"),
            (scored, "test", "test"),
        )
    ]

    def too_long(person: str, shown: tuple[str, ...] = (), words: int = 12) -> set[str]:
        persons = CrossQuestionParams(train=person, test="second")
        try:
            check_study(LocalSubject(subject), rows, design, words, persons=persons, shown=shown)
        except StudyError as error:
            return {i for i in (train, pilot, scored) if f"{i} (" in str(error)}
        return set()

    def length(person: str, shown: str | None = None) -> int:
        question = question_on(rows[0], "second_character", person, shown)
        return len(subject.chat.prompt(question)) + 1

    config = subject.model.config
    config.max_position_embeddings = length("second")
    assert too_long("second") == set()
    assert length("third") > length("second") and too_long("third") == {train}
    config.max_position_embeddings = length("second", " ".join(["word"] * 12)) - 1
    assert too_long("second") == too_long("third") == set()
    assert too_long("second", ("train", "pilot")) == {train, pilot}
    assert too_long("second", ("pilot",)) == {pilot}
    assert too_long("second", ("train", "pilot"), 11) == set()
