"""The package that brings an image to nodes: what is in it, and what its scriptlets do."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import List, Optional

import pytest

from conftest import REPOSITORY, script

pytestmark = pytest.mark.skipif(not shutil.which("rpmbuild"), reason="rpmbuild is not installed")

NAME = "ovirt-node-ng-image-update"
NVR = "ovirt-node-ng-4.5.7-0.20270101.0.el9"
VERSION = "4.5.7-0.20270101.0.el9"
FILE = "/usr/share/{0}/image/{0}-{1}.squashfs.img".format(NAME, VERSION)
CONTENT = b"hsqs" + bytes(range(256)) * 100


def build(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [str(REPOSITORY / "packaging" / "image-rpm" / "build"), *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


def query(package: Path, *options: str) -> List[str]:
    done = subprocess.run(["rpm", "-qp", *options, str(package)], check=True, stdout=subprocess.PIPE)
    return done.stdout.decode().splitlines()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("image")
    # A path with a blank and with what RPM would take for a macro.
    image = directory / "an image %{name}.img"
    image.write_bytes(CONTENT)
    done = build("--nvr", NVR, "--image", image, "--output", directory / "out")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def test_the_package_is_one_that_the_engine_and_dnf_know(package: Path) -> None:
    assert package.name == "{}-{}.noarch.rpm".format(NAME, VERSION)
    provides = query(package, "--provides")
    assert set(provides) == {
        "{} = {}".format(name, VERSION) for name in (NAME, NAME + "-placeholder", "ovirt-node-ng-image")
    }
    # The placeholder of the same version, which the image has, is not replaced: the image is not offered to itself.
    assert set(query(package, "--obsoletes")) == {
        "{} < {}".format(name, VERSION) for name in (NAME + "-placeholder", "ovirt-node-ng-image")
    }
    assert "node-layout" in query(package, "--requires")
    assert query(package, "--qf", "%{PAYLOADFLAGS}") == ["0"], "compressed a second time"


def test_the_package_has_the_image_as_it_is(package: Path, tmp_path: Path) -> None:
    assert query(package, "--qf", "[%{FILEMODES:perms} %{FILENAMES}\n]") == [
        "drwxr-xr-x /usr/share/" + NAME,
        "drwxr-xr-x /usr/share/" + NAME + "/image",
        "-rw-r--r-- " + FILE,
    ]
    archive = subprocess.run(["rpm2cpio", str(package)], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["cpio", "--quiet", "-id"], input=archive, cwd=str(tmp_path), check=True)
    assert (tmp_path / FILE[1:]).read_bytes() == CONTENT


def test_the_placeholder_and_a_package_of_another_name_can_be_built(tmp_path: Path) -> None:
    done = build("--nvr", NVR, "--placeholder", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    placeholder = Path(done.stdout.strip())
    assert placeholder.name == "{}-placeholder-{}.noarch.rpm".format(NAME, VERSION)
    assert query(placeholder, "-l") == ["(contains no files)"] and query(placeholder, "--scripts") == []
    for name in ("image", "product"):
        (tmp_path / name).write_bytes(name.encode())
    arguments = ["--image", tmp_path / "image", "--product-img", tmp_path / "product", "--output", tmp_path]
    done = build("--nvr", "site-1-2", "--name", "site-image-update", *arguments)
    assert done.returncode == 0, done.stderr
    other = Path(done.stdout.strip())
    assert "/usr/share/site-image-update/image/product.img" in query(other, "-l")
    assert query(other, "--obsoletes") == ["site-image-update-placeholder < 1-2"]


@pytest.mark.parametrize(
    "arguments, says",
    [
        ([], "is not NAME-VERSION-RELEASE"),
        (["--nvr", "nonsense", "--placeholder"], "is not NAME-VERSION-RELEASE"),
        (["--nvr", "a-%{lua:x}-1", "--placeholder"], "is not NAME-VERSION-RELEASE"),
        (["--nvr", NVR], "--image is missing"),
        (["--nvr", NVR, "--image", "/nonexistent"], "/nonexistent is not there"),
        (["--nvr", NVR, "--image", __file__, "--program", "/nonexistent"], "/nonexistent is not there"),
        (["--nvr", NVR, "--program", "/dev/null", "--placeholder"], "takes no image"),
        (["--nvr", NVR, "--image", "/dev/null", "--placeholder"], "takes no image"),
        (["--nvr", NVR, "--placeholder", "--name", "a b"], "is not the name of a package"),
        (["--nonsense"], "unknown argument"),
        (["--image"], "needs a value"),
    ],
)
def test_wrong_arguments_are_refused(arguments: List[str], says: str, tmp_path: Path) -> None:
    done = build(*arguments, "--output", tmp_path) if arguments[-1:] != ["--image"] else build(*arguments)
    assert done.returncode in (1, 2) and says in done.stderr, done
    assert not list(tmp_path.iterdir())


class Root:
    """A root directory with bash and a node-layout that records how it is called."""

    def __init__(self, path: Path) -> None:
        self.path = path
        libraries = subprocess.run(["ldd", "/bin/bash"], check=True, stdout=subprocess.PIPE).stdout.decode()
        needed = [word for word in libraries.split() if word.startswith("/")]
        for file in [*needed, "/bin/bash"]:
            target = path / file.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(os.path.realpath(file), str(target))
        for directory in ("usr/bin", "tmp", "dev", "var/lib/rpm"):
            (path / directory).mkdir(parents=True, exist_ok=True)
        self.program("true", "")

    def program(self, name: str, does: str) -> None:
        program = script(self.path / "usr/bin" / name, does)
        program.write_text(program.read_text().replace("#!/bin/sh", "#!/bin/bash"))

    def install(self, package: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["rpm", "--root", str(self.path), "--dbpath", "/var/lib/rpm", "--nodeps", "-i", str(package)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )

    def calls(self, name: str) -> List[str]:
        file = self.path / name
        return file.read_text().splitlines() if file.exists() else []

    def has_package(self) -> bool:
        queried = ["rpm", "--root", str(self.path), "--dbpath", "/var/lib/rpm", "-q", NAME]
        return subprocess.run(queried, stdout=subprocess.DEVNULL).returncode == 0


@pytest.fixture
def root(tmp_path: Path) -> Root:
    if os.geteuid() != 0:
        pytest.skip("installing below another root needs root")
    return Root(tmp_path / "root")


def node_layout(host: int, update: int) -> str:
    """A node-layout with these exit statuses of the check of the host, and of the update."""
    words = 'echo "$*" >>/calls\ncase $2 in --check-host) echo reason of the host; exit {} ;; esac\n'
    return words.format(host) + "echo reason of the update\nexit {}\n".format(update)


def journal(root: Root) -> None:
    """A systemd-cat that records what it runs, and what it writes as an error."""
    words = 'shift\n[ "$1" = --priority=err ] && { shift; exec >>/errors; }\necho "$*" >>/journal\n"$@"\n'
    root.program("systemd-cat", words)


@pytest.mark.parametrize("with_journal", [True, False])
def test_the_image_is_installed_by_the_program(package: Path, root: Root, with_journal: bool) -> None:
    root.program("node-layout", node_layout(0, 0))
    if with_journal:
        journal(root)
    done = root.install(package)
    assert done.returncode == 0 and "warning" not in done.stdout, done.stdout
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    update = "update --sha256 {} -- {}".format(sha256, FILE)
    assert root.calls("calls") == ["update --check-host", update]
    assert root.calls("journal") == (["true", "node-layout " + update] if with_journal else [])
    assert root.has_package()
    # What the arguments prove is what was installed.
    assert hashlib.sha256((root.path / FILE[1:]).read_bytes()).hexdigest() == sha256


def test_a_host_that_cannot_be_updated_gets_nothing(package: Path, root: Root) -> None:
    root.program("node-layout", node_layout(1, 0))
    done = root.install(package)
    assert done.returncode != 0 and "reason of the host" in done.stdout, done.stdout
    assert "cannot be updated; nothing was installed" in done.stdout
    assert root.calls("calls") == ["update --check-host"]
    assert not (root.path / FILE[1:]).exists() and not root.has_package()


@pytest.mark.parametrize(
    "own, new, is_used",
    [
        ("1.9.3", "1.10.0", True),
        ("1.9.3", "2.0.0", True),
        ("1.9.3", "1.9.4", True),
        ("1.9.3", "1.9.3", False),
        ("1.9.3", "1.9.2", False),
        ("2.0.0", "1.10.9", False),
        # 08 is not octal.
        ("1.08.0", "1.9.0", True),
        ("1.9.3", "nonsense", False),
        ("1.9.3", None, False),
    ],
)
def test_the_program_of_the_image_makes_the_update_where_it_is_newer(
    own: str, new: Optional[str], is_used: bool, root: Root, tmp_path: Path
) -> None:
    def versioned(version: Optional[str], does: str) -> str:
        says = "exit 1" if version is None else "echo node-layout {}; exit 0".format(version)
        return '[ "$1" = --version ] && {{ {}; }}\n{}'.format(says, does)

    root.program("node-layout", versioned(own, node_layout(0, 0)))
    image, program = tmp_path / "image", tmp_path / "program"
    image.write_bytes(CONTENT)
    program.write_text("#!/bin/bash\n" + versioned(new, 'echo "$*" >>/calls-of-new\n'))
    done = build("--nvr", NVR, "--image", image, "--program", program, "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    package = Path(done.stdout.strip())
    installed = root.install(package)
    assert installed.returncode == 0 and "warning" not in installed.stdout, installed.stdout
    update = "update --sha256 {} -- {}".format(hashlib.sha256(CONTENT).hexdigest(), FILE)
    assert root.calls("calls") == ["update --check-host"] + ([] if is_used else [update])
    assert root.calls("calls-of-new") == ([update] if is_used else [])


@pytest.mark.parametrize("status", [1, 2])
def test_an_update_that_fails_is_seen(package: Path, root: Root, status: int) -> None:
    root.program("node-layout", node_layout(0, status))
    journal(root)
    done = root.install(package)
    assert "scriptlet failed, exit status 1" in done.stdout, done.stdout
    for where in (done.stdout, "\n".join(root.calls("errors"))):
        assert "the image is not ready (exit status {})".format(status) in where, where
        # What to do: the image is there.
        assert "run: node-layout update --sha256 " in where and FILE in where
    assert "journalctl --identifier=" + NAME in done.stdout
    assert (root.path / FILE[1:]).exists()
