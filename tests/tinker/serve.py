"""Serve a model by SkyRL, on the CPU by JAX, until stopped; run by the environment that has SkyRL.

.venv-tinker/bin/python tests/tinker/serve.py MODEL_FOLDER STATES_FOLDER PORT
"""

import asyncio
import os
import sys

import uvicorn

os.environ["JAX_PLATFORMS"] = "cpu"
from skyrl.tinker import api
from skyrl.tinker.config import EngineConfig, config_to_argv

MOST = {"max_lora_adapters": 12, "max_lora_rank": 8}


def engine_command(_: list[str], config: EngineConfig) -> list[str]:
    """The engine of this environment, where SkyRL would have uv make another one."""
    return [sys.executable, "-m", "skyrl.tinker.engine", *config_to_argv(config)]


async def serve(model: str, states: str, port: int) -> None:
    api._build_uv_run_cmd_engine = engine_command
    api.app.state.engine_config = EngineConfig(
        base_model=model,
        backend="jax",
        backend_config=MOST,
        checkpoints_base=states,
        database_url=f"sqlite:///{states}/tinker.db",
        external_inference_lora_base=states,
    )
    config = uvicorn.Config(api.app, host="127.0.0.1", port=port, log_level="warning")
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
