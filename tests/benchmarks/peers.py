"""What a user would pick instead, given the same model and rows. None of it is imported before."""

import io
from contextlib import redirect_stderr, redirect_stdout

import torch

from stages.models.local.subject.loading import Subject
from stages.models.local.teach.loss import Example
from tests.benchmarks.workload import Row

Answers = dict[tuple, str]
BATCH = 32


def pipeline_one_by_one(subject: Subject, rows: list[Row], max_tokens: int) -> Answers:
    """transformers' pipeline, a prompt at a time."""
    from transformers import pipeline

    pipe = pipeline("text-generation", model=subject.model, tokenizer=subject.tokenizer)
    return {
        row.question.key: pipe(
            row.text, max_new_tokens=max_tokens, do_sample=False, return_full_text=False
        )[0]["generated_text"].lstrip()
        for row in rows
    }


def generate_in_batches(
    subject: Subject, rows: list[Row], max_tokens: int, samples: int = 0
) -> Answers:
    """`generate` in batches of 32 rows sorted by length; `samples` > 0 draws at temperature 1."""
    tokenizer, answers = subject.tokenizer, {}
    repeated = sorted(
        ((row, n) for row in rows for n in range(max(1, samples))), key=lambda x: len(x[0].tokens)
    )
    for at in range(0, len(repeated), BATCH):
        batch = repeated[at : at + BATCH]
        padded = tokenizer.pad(
            {"input_ids": [list(row.tokens) for row, _ in batch]},
            padding_side="left",
            return_tensors="pt",
        ).to(subject.device)
        how = {"temperature": 1.0, "top_k": 0, "top_p": 1.0} if samples else {}
        out = subject.model.generate(
            **padded, max_new_tokens=max_tokens, do_sample=samples > 0, **how
        )
        texts = tokenizer.batch_decode(
            out[:, padded["input_ids"].shape[1] :], skip_special_tokens=True
        )
        for (row, n), text in zip(batch, texts, strict=True):
            answers[(*row.question.key, n)] = text.lstrip()
    return answers if samples else {key[:-1]: text for key, text in answers.items()}


def lm_eval_generate(subject: Subject, rows: list[Row], max_tokens: int) -> Answers:
    """lm-evaluation-harness, the same questions as requests in batches of 32."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    end = subject.tokenizer.eos_token
    how = {"until": [end], "max_gen_toks": max_tokens, "do_sample": False}
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        harness = HFLM(
            pretrained=subject.model,
            tokenizer=subject.tokenizer,
            batch_size=BATCH,
            add_bos_token=False,
        )
        requests = [
            Instance("generate_until", {}, (row.text, dict(how)), n) for n, row in enumerate(rows)
        ]
        texts = harness.generate_until(requests, disable_tqdm=True)
    return {row.question.key: text.lstrip() for row, text in zip(rows, texts, strict=True)}


class TrlTraining:
    """TRL's SFTTrainer: completion-only loss, float32, no gradient checkpointing, LoRA.

    Raises RuntimeError where its rows are not exactly the given tokens.
    """

    def __init__(
        self, subject: Subject, inputs: list[list[Example]], batch_inputs: int, packing: bool
    ) -> None:
        import tempfile

        from datasets import Dataset
        from peft import LoraConfig
        from trl import SFTConfig, SFTTrainer

        rows = [example for group in inputs for example in group]
        longest = max(len(e.prompt) + len(e.label) for e in rows)
        batch_rows = len(inputs[0]) * batch_inputs
        data = Dataset.from_list(
            [
                {
                    "input_ids": list(e.prompt + e.label),
                    "completion_mask": [0] * len(e.prompt) + [1] * len(e.label),
                }
                for e in rows
            ]
        )
        self.folder = tempfile.TemporaryDirectory()
        # Packed, a step has as many tokens as the rows of one unpacked step.
        tokens = sum(len(e.prompt) + len(e.label) for e in rows) * batch_rows // len(rows)
        self.trainer = SFTTrainer(
            model=subject.model,
            args=SFTConfig(
                output_dir=self.folder.name,
                per_device_train_batch_size=1 if packing else batch_rows,
                num_train_epochs=1,
                learning_rate=2e-4,
                bf16=torch.cuda.is_available(),
                gradient_checkpointing=False,
                completion_only_loss=True,
                packing=packing,
                packing_strategy="wrapped",
                max_length=max(tokens, longest) if packing else longest,
                report_to="none",
                save_strategy="no",
                logging_strategy="no",
                disable_tqdm=True,
                use_cpu=not torch.cuda.is_available(),
                dataloader_pin_memory=False,
            ),
            train_dataset=data,
            processing_class=subject.tokenizer,
            peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear"),
        )
        if not packing and len(self.trainer.train_dataset) != len(rows):
            raise RuntimeError("TRL dropped rows")

    def epoch(self) -> None:
        """One epoch over the rows."""
        with redirect_stdout(io.StringIO()):
            self.trainer.train()
