"""`mlflow models serve` answers for a version, in a process of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.clock import now
from tests.models.tiny import rows, saved
from tests.serving.server import PATIENCE, free_port
from tests.training.trained import TAGS
from training.tracking.run import tracked

pytestmark = pytest.mark.long


def test_mlflow_serves_a_version(home: Path, tmp_path: Path) -> None:
    bundle = saved(tmp_path / "bundle")
    with tracked("served", home=home, clock=now) as run:
        version = run.register(tmp_path / "bundle", tags=TAGS, description="")
    port, path = free_port(), os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    served = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local", "--workers", "1"]
    with (tmp_path / "served.txt").open("wb") as out:
        process = subprocess.Popen(
            [*served, "-m", f"models:/audit-yield/{version}", "--host", "127.0.0.1", "--port", str(port)],
            env=os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db", "PATH": path},
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            wait(client, process)
            few = rows().slice(0, 4).to_pandas()
            split = few.astype(object).where(few.notna(), None).to_dict("split")
            answer = client.post("/invocations", json={"dataframe_split": split})
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 15)
        process.wait()
    predicted = [each["expected"] for each in answer.raise_for_status().json()["predictions"]]
    assert np.allclose(predicted, bundle.model.predict(rows().slice(0, 4)).expected, rtol=1e-12)


def wait(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/ping").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail("it never answered")
