"""llama.cpp's own server on loopback, in a process of its own, as a user serves a GGUF file.

python -m tests.hosted.llama_server '{"port": 8080, "model": "M.gguf", "slots": 2}'
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@contextmanager
def llama_server(model: Path, log: Path, **how: Any) -> Iterator[str]:
    """The base_url of a server that may still be loading; what it says is in the file `log`.

    `how`: `template`, a chat template instead of the model's own; `adapter`, a GGUF file of LoRA
    that no request uses unless it says so; `slots`, requests that are answered at once.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = json.dumps({"port": port, "model": str(model), **how})
    command = [sys.executable, "-m", "tests.hosted.llama_server", told]
    with (
        open(log, "w") as said,
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as process,
    ):
        try:
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()


def serve(port: int, model: str, template: str = "", adapter: str = "", slots: int = 1) -> None:
    """Serve until the standard input ends, as it does when the process that began this is gone."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.port = model, port
    params.n_parallel, params.n_ctx = slots, 1024 * slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    if template:
        params.chat_template = template
    if adapter:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(adapter, 0.0)]
        params.lora_init_without_apply = True
    server = xllamacpp.Server(params)
    sys.stdin.read()
    del server


if __name__ == "__main__":
    serve(**json.loads(sys.argv[1]))
