"""What is taken of a stranger's folder or GGUF, and what is said of what is not taken.

Each is the folder of a tiny model with one thing changed, as users and strangers change it.
"""

import json
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, GptOssConfig, GptOssForCausalLM
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from stages.models.fetch.convert import convert
from stages.storage.errors import StudyError
from tests.tiny_gguf import make_tiny_gguf, rewrite_gguf
from tests.tiny_models import make_tiny_model

TEMPLATE = "{% for m in messages %}{{ m.content }}\n{% endfor %}"
FILE = "model.safetensors"
INDEX = "model.safetensors.index.json"
NAN, INFINITE = float("nan"), float("inf")
DOWN = "model.layers.1.mlp.down_proj.weight"

Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def llama(tmp_path_factory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def whole(llama, tmp_path_factory) -> Path:
    return make_tiny_gguf(tmp_path_factory.mktemp("gguf") / "whole.gguf", llama)


@pytest.fixture
def folder(llama, tmp_path) -> Path:
    return shutil.copytree(llama, tmp_path / "folder")


def taken(source: Path, template: str = TEMPLATE) -> Weights:
    """The weights of what is written of a source."""
    out = source.parent / "out"
    out.mkdir(exist_ok=True)
    convert(source, out, template)
    return load_file(out / FILE)


def refused(source: Path) -> str:
    """Why it is not taken, in a line; and nothing is written."""
    with pytest.raises(StudyError) as error:
        taken(source)
    assert "\n" not in str(error.value) and not list((source.parent / "out").iterdir())
    return str(error.value)


def same(found: Weights, expected: Weights) -> bool:
    return found.keys() == expected.keys() and all(
        torch.equal(found[name], expected[name]) for name in found
    )


def set_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_weights(folder: Path, change: Callable[[Weights], Any]) -> None:
    weights = load_file(folder / FILE)
    change(weights)
    save_file(weights, folder / FILE, {"format": "pt"})


def split(folder: Path, second: str = "b.safetensors") -> None:
    """The weights in two files and an index that says that half of them lie in `second`."""
    weights = load_file(folder / FILE)
    half = sorted(weights)[len(weights) // 2 :]
    save_file({n: w for n, w in weights.items() if n not in half}, folder / "a.safetensors")
    save_file({n: weights[n] for n in half}, folder / "b.safetensors")
    os.remove(folder / FILE)
    placed = {name: second if name in half else "a.safetensors" for name in weights}
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": placed}))


def test_weights_in_several_files_are_those_of_one(llama, folder):
    split(folder)
    assert same(taken(folder), load_file(llama / FILE))


@pytest.mark.parametrize(
    "name", ["b.bin", "../folder/b.safetensors", "sub/b.safetensors", "/b", ""]
)
def test_an_index_names_plain_safetensors_of_its_folder_alone(folder, name):
    split(folder, second=name)
    (folder / "sub").mkdir()
    shutil.copy(folder / "b.safetensors", folder / "sub")
    torch.save(load_file(folder / "b.safetensors"), folder / "b.bin")
    line = refused(folder)
    assert f"is said to lie in {name!r}; only *.safetensors of the same folder are read" in line


def test_an_index_names_what_is_there(folder):
    split(folder, second="c.safetensors")
    assert "names 'c.safetensors', which is not in the folder" in refused(folder)
    shutil.copy(folder / "a.safetensors", folder / "c.safetensors")
    assert "in c.safetensors, which lacks it" in refused(folder)


def test_a_tensor_that_lies_in_two_files_is_refused(folder):
    split(folder)
    weights = load_file(folder / "a.safetensors")
    first = min(load_file(folder / "b.safetensors"))
    save_file(weights | {first: torch.zeros(2, 3)}, folder / "a.safetensors")
    assert f"{first} lies in two files, a.safetensors and b.safetensors" in refused(folder)


def test_a_pipe_in_place_of_a_file_is_no_file_and_a_tokenizer_is_missed(folder):
    os.remove(folder / "config.json")
    os.mkfifo(folder / "config.json")
    assert refused(folder) == "config.json is no file"
    os.remove(folder / "tokenizer.json")
    assert "the folder has no tokenizer: no tokenizer.json" in refused(folder)


@pytest.mark.parametrize("name", [FILE, "config.json", "tokenizer.model"])
def test_a_link_out_of_the_folder_is_not_followed(folder, name):
    outside = folder.parent / "elsewhere"
    if (folder / name).exists():
        os.replace(folder / name, outside)
    outside.touch()
    (folder / name).symlink_to(outside)
    assert f"{name} is a link that leads out of the folder, to {str(outside)!r}" in refused(folder)


def test_the_links_of_a_hubs_snapshot_and_within_a_folder_are_followed(llama, tmp_path):
    repository = tmp_path / "models--org--tiny"
    (repository / "blobs").mkdir(parents=True)
    (repository / "snapshots/1").mkdir(parents=True)
    for path in llama.iterdir():
        shutil.copy(path, repository / f"blobs/{path.name}-hash")
        (repository / "snapshots/1" / path.name).symlink_to(f"../../blobs/{path.name}-hash")
    assert same(taken(repository / "snapshots/1"), load_file(llama / FILE))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "a.ckpt"])
def test_a_folder_of_pickles_is_refused(folder, name):
    os.replace(folder / FILE, folder / name)
    assert f"no {FILE}; {name} is a pickle" in refused(folder)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9999])
def test_safetensors_that_are_cut_off_are_refused(folder, share):
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[: int(share * len(content))])
    assert f"{FILE} is no safetensors file, or damaged or cut off at" in refused(folder)


def test_a_pickle_by_another_name_and_a_pointer_are_no_safetensors(folder):
    torch.save(load_file(folder / FILE), folder / "pickle")
    os.replace(folder / "pickle", folder / FILE)
    assert f"{FILE} is no safetensors file" in refused(folder)
    (folder / FILE).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert f"{FILE} is a pointer of Git LFS" in refused(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: w.pop(DOWN), f"lacks 1 weights of its architecture, first {DOWN}"),
        (lambda w: w.update(more=torch.ones(1)), "holds 1 weights that its config has no place"),
        (lambda w: w[DOWN][3].fill_(NAN), f"128 of the 8,192 numbers of {DOWN} are NaN"),
        (lambda w: w["lm_head.weight"][3, 5].fill_(-INFINITE), "1 of the 32,768 numbers of lm_h"),
        (lambda w: w.update({DOWN: w[DOWN].char()}), f"{DOWN} holds bytes (I8), but config.json"),
        (lambda w: w.update({DOWN: w[DOWN].cfloat()}), f"{DOWN} is of type C64; a weight is a fl"),
        (lambda w: w.update(gain=w[DOWN].bool()), "gain is of type BOOL; a weight is a floating"),
        (lambda w: w.update({DOWN: torch.ones(64, 5)}), "is of size (64, 5), and by its config"),
    ],
)
def test_weights_that_are_not_whole_are_named(folder, change, said):
    change_weights(folder, change)
    assert said in refused(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"num_hidden_layers": 3}, "lacks 9 weights of its architecture, first model.layers.2."),
        ({"num_hidden_layers": 1}, "holds 9 weights that its config has no place for"),
        ({"num_hidden_layers": 10**9}, "1,000,000,000 layers, and there are 21 tensors"),
        ({"intermediate_size": 10**9}, "parameters, and the weights are 139,584 numbers"),
        ({"vocab_size": 100}, "the embedding has 100 rows and the tokenizer 412 tokens beyond it"),
        ({"model_type": "mine", "auto_map": {"AutoConfig": "mine.Mine"}}, "has model type `mine`"),
        ({"quantization_config": {"quant_method": "gptq"}}, "the weights are quantized (gptq)"),
        ({"quantization_config": {"load_in_4bit": True}}, "quantized (unknown method)"),
    ],
)
def test_a_config_of_another_model_is_refused_before_it_costs_memory(folder, change, said):
    set_json(folder / "config.json", **change)
    assert said in refused(folder)


def test_nothing_that_comes_with_a_model_is_run_or_followed(llama, folder, tmp_path):
    code = f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Mine: pass\n"
    (folder / "custom_generate").mkdir()
    for name in ("mine.py", "custom_generate/generate.py"):
        (folder / name).write_text(code)
    own = {"AutoConfig": "mine.Mine", "AutoModelForCausalLM": "org/other--mine.Mine"}
    set_json(
        folder / "config.json",
        auto_map=own,
        attn_implementation="org/kernel",
        transformers_weights="../folder/model.safetensors",
    )
    tokenizer = {"AutoTokenizer": ["mine.Mine", "mine.Mine"]}
    set_json(folder / "tokenizer_config.json", auto_map=tokenizer, vocab_file="/etc/hostname")
    assert same(taken(folder), load_file(llama / FILE))
    assert not (tmp_path / "ran").exists()
    written = "".join((tmp_path / "out" / n).read_text() for n in os.listdir(llama) if n != FILE)
    assert not any(word in written for word in ("Mine", "kernel", "transformers_weights", "/etc"))


def add_tokens(folder: Path, **tokens: Any) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(tokens.pop("plain", []))
    tokenizer.add_special_tokens(tokens)
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize(
    ("tokens", "first"),
    [
        ({"plain": ["giraffe"]}, "1 tokens beyond it, such as 'giraffe' (id 512)"),
        ({"pad_token": "[PAD]", "extra_special_tokens": ["<mark>"]}, "2 tokens beyond it, such as"),
        ({"eos_token": "<|stop|>"}, "1 tokens beyond it, such as '<|stop|>' (id 512)"),
    ],
)
def test_a_token_without_a_row_in_the_embedding_is_refused(folder, tokens, first):
    add_tokens(folder, **tokens)
    assert f"the embedding has 512 rows and the tokenizer {first}" in refused(folder)


def test_a_token_that_no_text_becomes_needs_no_row_and_a_row_needs_no_token(folder, caplog):
    add_tokens(folder, extra_special_tokens=["<picture>"])
    with caplog.at_level("INFO"):
        taken(folder)
    assert "never used, as they have no row in the embedding: ['<picture>']" in caplog.text
    with pytest.raises(StudyError, match="such as '<picture>'"):
        taken(folder, template="<picture>" + TEMPLATE)

    def pad(weights: Weights) -> None:
        for name in ("model.embed_tokens.weight", "lm_head.weight"):
            weights[name] = torch.cat([weights[name], torch.zeros(64, 64)])

    change_weights(folder, pad)
    set_json(folder / "config.json", vocab_size=576)
    assert len(taken(folder)["lm_head.weight"]) == 576


def test_an_adapter_is_named_never_merged_and_never_left_out(llama, folder, tmp_path):
    model = AutoModelForCausalLM.from_pretrained(llama)
    settings = LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM")
    get_peft_model(model, settings).save_pretrained(tmp_path / "adapter")
    line = refused(tmp_path / "adapter")
    assert line.startswith(f"the folder is an adapter of {str(llama)!r} and no model: merge it")
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        shutil.copy(tmp_path / "adapter" / name, folder)
        line = refused(folder)
        assert line.startswith(f"the folder holds a model and beside it an adapter ({name})")
        os.remove(folder / name)


def test_weights_of_other_types_have_the_same_values_in_float32(llama, folder):
    kinds = {"q_proj": torch.float16, "k_proj": torch.float64, "v_proj": torch.float8_e4m3fn}

    def typed(weights: Weights) -> Weights:
        return {
            name: weight.to(kinds.get(name.split(".")[-2], torch.bfloat16))
            for name, weight in weights.items()
        }

    change_weights(folder, lambda weights: weights.update(typed(weights)))
    expected = {name: w.float() for name, w in typed(load_file(llama / FILE)).items()}
    assert same(taken(folder), expected)


def test_fp8_is_turned_back_by_its_scales(llama, folder):
    def pack(weights: Weights) -> None:
        for name in [name for name in weights if "_proj" in name]:
            scale = weights[name].abs().max() / 448
            weights[name] = (weights[name] / scale).to(torch.float8_e4m3fn)
            weights[f"{name}_scale_inv"] = scale.reshape(1, 1)

    change_weights(folder, pack)
    packed = load_file(folder / FILE)
    how = {"quant_method": "fp8", "weight_block_size": [128, 128], "activation_scheme": "dynamic"}
    set_json(folder / "config.json", quantization_config=how)
    expected = {
        name: weight.float() * packed.get(f"{name}_scale_inv", torch.ones(1, 1))[0]
        for name, weight in packed.items()
        if not name.endswith("_scale_inv")
    }
    assert same(taken(folder), expected)
    assert "quantization_config" not in (folder.parent / "out/config.json").read_text()


def test_mxfp4_is_turned_back_and_saved_under_the_names_of_the_architecture(folder):
    shape = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1, "head_dim": 16}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "num_local_experts": 2}
    tokens = {"vocab_size": 512, "eos_token_id": 0, "pad_token_id": 1}
    config = GptOssConfig(**shape, **heads, **tokens, num_experts_per_tok=1)
    GptOssForCausalLM(config).save_pretrained(folder)

    def pack(weights: Weights) -> None:
        for name in [
            n for n in weights if n.endswith(("experts.gate_up_proj", "experts.down_proj"))
        ]:
            experts, ins, outs = weights.pop(name).shape
            size = (experts, outs, ins // 32)
            weights[f"{name}_blocks"] = torch.randint(0, 255, (*size, 16)).byte()
            weights[f"{name}_scales"] = torch.full(size, 127).byte()

    change_weights(folder, pack)
    packed = load_file(folder / FILE)
    plain = [
        "model.layers.*.self_attn",
        "model.layers.*.mlp.router",
        "model.embed_tokens",
        "lm_head",
    ]
    how = {"quant_method": "mxfp4", "modules_to_not_convert": plain}
    set_json(folder / "config.json", quantization_config=how)
    found = taken(folder)
    for name in ("gate_up_proj", "down_proj"):
        name = f"model.layers.0.mlp.experts.{name}"
        blocks, scales = packed[f"{name}_blocks"], packed[f"{name}_scales"]
        assert torch.equal(
            found[name], convert_moe_packed_tensors(blocks, scales, dtype=torch.float32)
        )
    _, report = AutoModelForCausalLM.from_pretrained(
        folder.parent / "out", output_loading_info=True
    )
    assert not any(report.values())


def test_a_gguf_of_an_unknown_architecture_lists_the_known_ones(llama, tmp_path):
    line = refused(make_tiny_gguf(tmp_path / "m.gguf", llama, architecture="abacus"))
    assert "the architecture 'abacus'; transformers reads bloom," in line
    assert "gemma3" in line


@pytest.mark.parametrize("share", [0.00002, 0.5, 0.99999])
def test_a_gguf_that_is_cut_off_is_refused(whole, tmp_path, share):
    content = whole.read_bytes()
    (tmp_path / "m.gguf").write_bytes(content[: int(len(content) * share)])
    assert "cut off at" in refused(tmp_path / "m.gguf")


@pytest.mark.parametrize(("at", "field"), [(4, "version"), (8, "tensors"), (16, "fields")])
def test_a_gguf_whose_header_is_damaged_is_refused(whole, tmp_path, at, field):
    content = bytearray(whole.read_bytes())
    content[at : at + 4] = b"\xff" * 4
    (tmp_path / "m.gguf").write_bytes(content)
    assert "the GGUF file is damaged or cut off at" in refused(tmp_path / "m.gguf")


def test_a_file_that_is_no_gguf_is_refused(tmp_path):
    (tmp_path / "m.gguf").write_text("<html>not found</html>")
    assert "not a GGUF file: it begins with b'<htm'" in refused(tmp_path / "m.gguf")


def test_a_part_of_a_gguf_is_named_as_one(whole, tmp_path):
    first = rewrite_gguf(tmp_path / "1.gguf", whole, tensors=slice(10), split__no=0, split__count=2)
    assert "the GGUF file is part 1 of 2; join them first" in refused(first)
    second = rewrite_gguf(
        tmp_path / "2.gguf", whole, lambda name: False, slice(10, 21), split__no=1, split__count=2
    )
    assert "the GGUF file is part 2 of 2; join them first" in refused(second)


@pytest.mark.parametrize(
    ("left_out", "added", "said"),
    [
        ("block_count", {}, "lacks llama.block_count in its header"),
        ("embedding_length", {}, "lacks llama.embedding_length in its header"),
        ("block_count", {"llama__block_count": 1}, "says that it has 1 layers and holds 2"),
        ("block_count", {"llama__block_count": 9}, "says that it has 9 layers and holds 2"),
        ("feed_forward", {"llama__feed_forward_length": 10**9}, "describes a model of 384,000,"),
        ("tokenizer", {}, "Cannot build a tokenizer from a GGUF"),
        ("none", {"llama__rope__scaling__type": "yarn"}, "scales its positions (llama.rope."),
        ("none", {"llama__rope__scaling__factor": 4}, "positions (llama.rope.scaling.factor 4)"),
        ("none", {"llama__rope__scale_linear": 2}, "positions (llama.rope.scale_linear 2)"),
        ("head_count", {}, "lacks llama.attention.head_count in its header"),
        ("epsilon", {}, "lacks llama.attention.layer_norm_rms_epsilon in its header"),
    ],
)
def test_a_gguf_with_another_header_than_its_weights_is_refused(
    whole, tmp_path, left_out, added, said
):
    path = rewrite_gguf(tmp_path / "m.gguf", whole, lambda name: left_out not in name, **added)
    assert said in refused(path)


@pytest.fixture
def one_more_gigabyte() -> Iterator[None]:
    """The address space of this process may grow by a gigabyte, where the system can say it."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = Path("/proc/self/statm")
    if used.exists():
        size = int(used.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + 2**30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("part", [{}, {"split__no": 1, "split__count": 2}])
def test_a_gguf_without_a_header_costs_no_memory(whole, tmp_path, part, one_more_gigabyte):
    path = rewrite_gguf(tmp_path / "m.gguf", whole, lambda name: False, **part)
    assert refused(path).startswith("the GGUF file " + ("is part 2" if part else "does not say"))


def test_a_gguf_is_read_without_what_lies_beside_it(whole, folder, llama):
    shutil.copy(whole, folder / "m.gguf")
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "org/other"}')
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    assert same(taken(folder / "m.gguf"), load_file(llama / FILE))
