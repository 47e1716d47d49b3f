"""The container file: buildah builds it, and the image has the program and nothing else."""

import json
import shutil
from pathlib import Path

from conftest import EXAMPLE, FOUND, PACKAGING, needed, run


def test_buildah_builds_an_image_that_checks(tmp_path: Path, programs: Path) -> None:
    needed("buildah")
    storage = ["--root", str(tmp_path / "storage"), "--runroot", str(tmp_path / "run"), "--storage-driver", "vfs"]

    def buildah(*arguments: object) -> str:
        return run("buildah", *storage, *arguments, BUILDAH_ISOLATION="chroot")

    buildah("build", "--file", PACKAGING / "Containerfile", "--tag", "ks-lint", programs)
    container = buildah("from", "--pull-never", "localhost/ks-lint").strip().splitlines()[-1]
    settings = json.loads(buildah("inspect", container))["OCIv1"]["config"]
    assert settings["Entrypoint"] == ["/ks-lint"] and settings["WorkingDir"] == "/work"
    mounted = Path(buildah("mount", container).strip())
    assert sorted(path.name for path in mounted.iterdir() if path.is_file()) == ["ks-lint"]
    (tmp_path / "hosts").mkdir()
    shutil.copy2(EXAMPLE, tmp_path / "hosts")
    # As the entry point does it, with the kickstarts of a directory of this machine.
    volume = f"{tmp_path}/hosts:/work:ro"
    command = ["run", "--volume", volume, container, "--", "/ks-lint", "--format", "concise", "."]
    assert FOUND in run("buildah", *storage, *command, status=1, BUILDAH_ISOLATION="chroot")
    buildah("rm", container)
    buildah("rmi", "--all", "--force")
