"""The packages: that they can be built, and what is in each of them."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List

import pytest

from conftest import NAME, REPOSITORY, SHIM, program, script, stand_in

pytestmark = pytest.mark.skipif(not shutil.which("rpmbuild"), reason="rpmbuild is not installed")

SPEC = REPOSITORY / "packaging" / "ks-lint.spec"
PACKAGES = {
    "ks-lint": "GPL-3.0-or-later",
    "node-layout": "GPL-3.0-or-later",
    "node-layout-nodectl": "GPL-3.0-or-later",
    "ovirt-node-anaconda-addon": "GPL-2.0-or-later",
    "ovirt-node-anaconda-config": "GPL-2.0-or-later",
}


def output(*command: object) -> str:
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE).stdout.decode()


def build(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [str(REPOSITORY / "packaging" / "build-rpm"), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ, **environment),
    )


def stand_ins(directory: Path) -> Path:
    """The programs of this repository behind scripts: as packages they are too large for a fast test."""
    directory.mkdir(parents=True)
    for name, variable in [("ks-lint", "OVIRT_NODE_KS_LINT"), ("node-layout", "OVIRT_NODE_LAYOUT")]:
        stand_in(directory / name, program(name, variable))
    return directory


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Path]:
    """Each package that is built, by its name."""
    directory = tmp_path_factory.mktemp("rpm")
    result = build("--output", directory / "out", "--programs", stand_ins(directory / "programs"))
    assert result.returncode == 0, result.stderr.decode()
    return {
        output("rpm", "-qp", "--qf", "%{NAME}", path): path
        for path in (directory / "out").iterdir()
        if not path.name.endswith(".src.rpm")
    }


def files(package: Path) -> Dict[str, str]:
    """What a package installs, without directories and what every package has."""
    listed = output("rpm", "-qp", "--qf", "[%{FILEMODES:perms} %{FILENAMES}\n]", package).splitlines()
    names = [line.split(" ", 1) for line in listed if not line.startswith("d")]
    return {name: mode for mode, name in names if not name.startswith(("/usr/share/doc/", "/usr/share/licenses/"))}


def test_the_specification_is_read_and_names_the_packages_with_their_licences() -> None:
    parsed = output("rpmspec", "-P", SPEC)
    assert "BuildRequires:  cargo" in parsed, "without programs they are built"
    assert "cargo" not in output("rpmspec", "-P", "--define", "programs /somewhere", SPEC)
    # A distribution's own flags are used.
    theirs = output("rpmspec", "-P", "--define", "build_rustflags -Chard=1", "--define", "set_build_flags SET", SPEC)
    assert 'RUSTFLAGS="-Chard=1 ' in theirs and "\nSET\n" in theirs
    found = output("rpmspec", "-q", "--qf", "%{NAME} %{LICENSE}\n", SPEC).splitlines()
    assert dict(line.split(" ", 1) for line in found) == PACKAGES


def test_the_specification_has_the_version_of_the_programs() -> None:
    found = re.search(r'^version = "(.*)"$', (REPOSITORY / "Cargo.toml").read_text(), re.M)
    assert found, "Cargo.toml has no version"
    assert output("rpmspec", "-q", "--srpm", "--qf", "%{VERSION}", SPEC) == found.group(1)


def test_the_programs_are_in_packages_of_their_own(packages: Dict[str, Path]) -> None:
    assert set(packages) == set(PACKAGES)
    found = files(packages["ks-lint"])
    pages = {path: mode for path, mode in found.items() if path.startswith("/usr/share/man/man1/ks-lint")}
    help_text = output(program("ks-lint", "OVIRT_NODE_KS_LINT"), "--help")
    # The help has examples, too.
    commands = help_text.split("Commands:\n", 1)[1].split("\n\n", 1)[0]
    verbs = set(re.findall(r"^  ([a-z-]+) ", commands, re.M)) - {"help"}
    assert {"check", "plan", "boot"} <= verbs
    assert {re.sub(r".*/|\.1(\.gz)?$", "", path) for path in pages} >= {"ks-lint"} | {
        "ks-lint-" + verb for verb in verbs
    }
    assert set(pages.values()) == {"-rw-r--r--"}
    assert {path: mode for path, mode in found.items() if path not in pages} == {
        "/usr/bin/ks-lint": "-rwxr-xr-x",
        "/usr/libexec/ks-lint/ksvalidator": "lrwxrwxrwx",
        "/usr/share/bash-completion/completions/ks-lint": "-rw-r--r--",
        "/usr/share/fish/vendor_completions.d/ks-lint.fish": "-rw-r--r--",
        "/usr/share/zsh/site-functions/_ks-lint": "-rw-r--r--",
    }
    units = {file.name for file in (REPOSITORY / "packaging" / "systemd").iterdir()}
    found = files(packages["node-layout"])
    directory = "/usr/lib/systemd/system/"
    pages = {path: mode for path, mode in found.items() if path.startswith("/usr/share/man/man1/node-layout")}
    assert "/usr/share/man/man1/node-layout-update.1" in {path.replace(".gz", "") for path in pages}
    others = {path: mode for path, mode in found.items() if path not in pages}
    assert {path: mode for path, mode in others.items() if not path.startswith(directory)} == {
        "/usr/bin/node-layout": "-rwxr-xr-x",
        "/usr/share/bash-completion/completions/node-layout": "-rw-r--r--",
        "/usr/share/fish/vendor_completions.d/node-layout.fish": "-rw-r--r--",
        "/usr/share/zsh/site-functions/_node-layout": "-rw-r--r--",
        "/usr/lib/kernel/install.d/95-node-layout.install": "-rwxr-xr-x",
    }
    in_system = {path[len(directory) :]: mode for path, mode in found.items() if path.startswith(directory)}
    assert {path for path in in_system if "/" not in path} == units
    assert {in_system[unit] for unit in units} == {"-rw-r--r--"}
    # The units are enabled by links of the package; their conditions keep them from a host without a trial.
    links = {path: mode for path, mode in in_system.items() if "/" in path}
    assert links and set(links.values()) == {"lrwxrwxrwx"}
    assert {path.rsplit("/", 1)[1] for path in links} <= units
    requires = output("rpm", "-qp", "--requires", packages["node-layout"]).splitlines()
    assert "lvm2" in requires


def test_the_names_of_the_originals_are_a_package_that_replaces_theirs(packages: Dict[str, Path]) -> None:
    package = packages["node-layout-nodectl"]
    assert files(package) == {
        "/usr/sbin/nodectl": "lrwxrwxrwx",
        "/usr/sbin/imgbase": "lrwxrwxrwx",
        "/etc/profile.d/nodectl-motd.sh": "-rw-r--r--",
    }
    links = output("rpm", "-qp", "--qf", "[%{FILENAMES} %{FILELINKTOS}\n]", package)
    for name in ("nodectl", "imgbase"):
        # Also where /usr/sbin is /usr/bin.
        assert "/usr/sbin/{} ../bin/node-layout\n".format(name) in links
    provides = dict(line.split(" = ") for line in output("rpm", "-qp", "--provides", package).splitlines())
    assert set(provides) == {"node-layout-nodectl", "imgbased", "ovirt-node-ng-nodectl"} | {
        name for name in provides if name.startswith("config(")
    }
    # What packages of images ask for.
    assert tuple(map(int, provides["imgbased"].split("."))) >= (0, 7, 2)
    assert output("rpm", "-qp", "--conflicts", package).split() == ["imgbased", "ovirt-node-ng-nodectl"]
    assert output("rpm", "-qp", "--obsoletes", package) == ""
    version = output("rpm", "-qp", "--qf", "%{VERSION}", packages["node-layout"])
    assert "node-layout = {}\n".format(version) in output("rpm", "-qp", "--requires", package)
    # node-layout itself can be beside the originals.
    for query in ("--conflicts", "--obsoletes"):
        assert output("rpm", "-qp", query, packages["node-layout"]) == ""


def test_the_add_on_is_where_every_release_looks_for_it(packages: Dict[str, Path]) -> None:
    sources = (SHIM / "org_ovirt_node").rglob("*.py")
    expected = {"/usr/share/anaconda/addons/{}".format(path.relative_to(SHIM)) for path in sources}
    expected.add("/usr/share/anaconda/dbus/services/" + NAME + ".service")
    expected.add("/usr/share/anaconda/dbus/confs/" + NAME + ".conf")
    found = files(packages["ovirt-node-anaconda-addon"])
    assert set(found) == expected
    assert set(found.values()) == {"-rw-r--r--"}
    assert output("rpm", "-qp", "--qf", "%{ARCH}", packages["ovirt-node-anaconda-addon"]) == "noarch"


def test_only_the_package_with_the_configuration_constrains_what_else_an_image_installs(
    packages: Dict[str, Path],
) -> None:
    """The add-on alone changes nothing for kickstarts without its section."""
    assert files(packages["ovirt-node-anaconda-config"]) == {"/etc/anaconda/conf.d/90-ovirt-node.conf": "-rw-r--r--"}
    archive = subprocess.run(
        ["rpm2cpio", str(packages["ovirt-node-anaconda-config"])], check=True, stdout=subprocess.PIPE
    )
    found = subprocess.run(
        ["cpio", "--quiet", "-i", "--to-stdout", "*90-ovirt-node.conf"], input=archive.stdout, stdout=subprocess.PIPE
    )
    exported = [str(program("ks-lint", "OVIRT_NODE_KS_LINT")), "policy", "export", "--anaconda", "conf", "ovirt-node"]
    assert found.stdout.decode() == output(*exported)


@pytest.mark.skipif(not shutil.which("rpmlint"), reason="rpmlint is not installed")
def test_rpmlint_has_nothing_against_the_specification() -> None:
    done = subprocess.run(["rpmlint", str(SPEC)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout.decode()
    found = set(re.findall(r": [EW]: (\S+)", said))
    # What it says without a distribution's configuration: of RHEL 5, and of a source that is no URL.
    assert done.returncode == 0 and found <= {"no-buildroot-tag", "invalid-url"}, said


def test_the_add_on_comes_with_the_programs_of_its_version(packages: Dict[str, Path]) -> None:
    requires = output("rpm", "-qp", "--requires", packages["ovirt-node-anaconda-addon"])
    version = output("rpm", "-qp", "--qf", "%{VERSION}", packages["ks-lint"])
    for name in ("ks-lint", "node-layout"):
        assert "{} = {}\n".format(name, version) in requires


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_brings_the_licence(packages: Dict[str, Path], package: str) -> None:
    listed = output("rpm", "-qp", "--licensefiles", packages[package]).split()
    assert [os.path.basename(path) for path in listed] == ["LICENSE"]


def test_without_programs_cargo_makes_them(tmp_path: Path) -> None:
    """A cargo that does nothing but put programs where the real one would."""
    built = stand_ins(tmp_path / "built")
    words = 'echo "$@" >{0}/arguments\necho "$RUSTFLAGS" >{0}/rust\necho "$CFLAGS" >{0}/c\n'
    words += 'mkdir -p "$CARGO_TARGET_DIR/dist"\ncp {1}/* "$CARGO_TARGET_DIR/dist/"\n'
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "cargo", words.format(tmp_path, built))
    target = tmp_path / "target"
    environment = {
        "PATH": "{}:{}".format(tmp_path / "bin", os.environ["PATH"]),
        "CARGO_TARGET_DIR": str(target),
        "CARGO_HOME": "/home/of/cargo",
    }
    result = build("--output", tmp_path / "out", **environment)
    assert result.returncode == 0, result.stderr.decode()
    assert (tmp_path / "arguments").read_text().startswith("build --profile dist --locked ")
    assert len(list((tmp_path / "out").iterdir())) == len(PACKAGES) + 1
    # The programs are hardened, and name no directory of this machine.
    for file, flag in [("rust", "--remap-path-prefix="), ("c", "-ffile-prefix-map=")]:
        flags = (tmp_path / file).read_text().split()
        assert flag + "/home/of/cargo=/cargo" in flags and "{}{}=/target".format(flag, target) in flags, flags
        assert any(re.fullmatch(flag + "/.*/ks-lint-[0-9.]+=/ks-lint", f) for f in flags), flags
    assert "-fstack-protector-strong" in (tmp_path / "c").read_text().split()
    # One that does is not packaged.
    with (built / "ks-lint").open("a") as program:
        program.write("# /home/of/cargo/registry/src/x\n")
    result = build("--output", tmp_path / "other", **environment)
    assert result.returncode == 1 and b"names /home/of/cargo/ of this machine" in result.stderr
    assert not (tmp_path / "other").exists()


def test_programs_of_another_version_are_not_packaged(tmp_path: Path) -> None:
    programs = stand_ins(tmp_path / "programs")
    script(programs / "node-layout", "echo node-layout 0.0.1\n")
    result = build("--output", tmp_path / "out", "--programs", programs)
    assert result.returncode == 1 and b"%check" in result.stderr, result.stderr.decode()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--output"], ["--programs", "/nonexistent"]])
def test_wrong_arguments_are_refused(arguments: List[str]) -> None:
    result = build(*arguments)
    assert result.returncode in (1, 2) and result.stderr
