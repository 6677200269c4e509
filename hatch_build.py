"""Build hook: compiles the kernel of the explanations beside its source, where there is a C compiler."""

import hashlib
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("models/treeshap/kernel.c")
FLAGS = ("-O3", "-std=c11", "-ffp-contract=off", "-fopenmp-simd", "-shared", "-fPIC")
WITHOUT = "The kernel of the explanations was not compiled: {fault}."


def compile_kernel(root: Path) -> Path | None:
    """Compile the kernel below `root`; say why and return None where that cannot be done."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    source, library = root / SOURCE, (root / SOURCE).with_suffix(".lib")
    library.unlink(missing_ok=True)
    if compiler is None:
        print(WITHOUT.format(fault="there is no C compiler"))
        return None
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    new = library.with_suffix(".new")
    command = [compiler, *FLAGS, f'-DSOURCE_DIGEST="{digest}"', str(source), "-o", str(new)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  no shell
    if outcome.returncode:
        print(WITHOUT.format(fault=f"{compiler} refused {SOURCE} ({outcome.stderr.strip()[:500]})"))
        return None
    return new.replace(library)


class KernelHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the compiled kernel to the wheel, which is then of this platform; else it is of any."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's
        """Compile before anything is packed; an editable install finds it beside the source."""
        if self.target_name == "wheel" and (library := compile_kernel(Path(self.root))):
            build_data["artifacts"].append(f"/{library.relative_to(self.root).as_posix()}")
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["pure_python"], build_data["tag"] = False, f"py3-none-{platform}"


if __name__ == "__main__":
    compile_kernel(Path(__file__).parent)
