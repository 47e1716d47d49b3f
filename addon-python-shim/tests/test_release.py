"""The files of a release: what is in them, that they install, and that a file that was changed does not.

RELEASE_PROGRAMS=DIR builds them from the programs that ship instead of stand-ins.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Dict, List, Optional

import pytest
from test_rpm import stand_ins

from conftest import REPOSITORY, program

PACKAGING = REPOSITORY / "packaging"
EXAMPLE = REPOSITORY / "kickstart-examples" / "wrong.ks"
FOUND = "[NODE003]"
# With the programs that ship nothing is skipped: what is missing is a failure.
SHIPS = bool(os.environ.get("RELEASE_PROGRAMS"))


def run(*command: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        env=dict(os.environ, **environment),
    )


def build(output: Path, programs: Path) -> Dict[str, Path]:
    """The files of a release, by the last part of their names."""
    result = run(PACKAGING / "build-release", "--output", output, "--programs", programs)
    assert result.returncode == 0, result.stderr
    assert sorted(map(Path, result.stdout.split())) == sorted(output.iterdir())
    return {path.name: path for path in output.iterdir()}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = os.environ.get("RELEASE_PROGRAMS")
    return Path(given) if given else stand_ins(tmp_path_factory.mktemp("programs") / "programs")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Path:
    directory = tmp_path_factory.mktemp("release") / "out"
    build(directory, programs)
    return directory


@pytest.fixture
def copy(tmp_path: Path, release: Path) -> Path:
    """A release that a test may change."""
    shutil.copytree(str(release), str(tmp_path / "copy"))
    return tmp_path / "copy"


def one(directory: Path, pattern: str) -> Path:
    found = list(directory.glob(pattern))
    assert len(found) == 1, (pattern, found)
    return found[0]


def test_the_same_programs_give_the_same_files(tmp_path: Path, release: Path, programs: Path) -> None:
    again = build(tmp_path / "again", programs)
    for name, path in again.items():
        assert path.read_bytes() == (release / name).read_bytes(), name


def test_the_checksums_are_those_of_all_files(release: Path) -> None:
    lines = [line.split("  ") for line in (release / "SHA256SUMS").read_text().splitlines()]
    assert {name for _, name in lines} == {path.name for path in release.iterdir()} - {"SHA256SUMS"}
    for digest, name in lines:
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest, name


def test_every_archive_has_manual_pages_completions_and_the_licence(release: Path) -> None:
    for package in ("ks-lint", "node-layout"):
        with tarfile.open(str(one(release, package + "-*.tar.gz"))) as archive:
            names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
            assert {member.uid for member in archive.getmembers()} == {0}
        assert {
            "bin/" + package,
            "share/man/man1/{}.1".format(package),
            "share/bash-completion/completions/" + package,
            "share/zsh/site-functions/_" + package,
            "share/fish/vendor_completions.d/{}.fish".format(package),
            "share/doc/{}/copyright".format(package),
        } <= names
    assert "lib/systemd/system/node-layout-confirm.service" in names


def test_the_wheel_installs_into_a_new_environment(tmp_path: Path, release: Path) -> None:
    wheel = one(release, "*.whl")
    # The tags of glibc 2.17: the program that ships needs none at all.
    assert wheel.name.endswith("-py3-none-manylinux_2_17_{0}.manylinux2014_{0}.whl".format(os.uname().machine))
    with zipfile.ZipFile(str(wheel)) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".py")]
    environment = tmp_path / "environment"
    assert run(sys.executable, "-m", "venv", environment).returncode == 0
    pip = run(environment / "bin" / "pip", "install", "--no-index", "--disable-pip-version-check", wheel)
    assert pip.returncode == 0, pip.stderr
    found = run(environment / "bin" / "ks-lint", "--format", "concise", EXAMPLE)
    assert found.returncode == 1 and FOUND in found.stdout, found
    assert run(environment / "bin" / "pip", "check").returncode == 0
    share = environment / "share"
    # Where man looks for the pages of a program in bin/, and bash-completion and fish below ~/.local.
    pages = {path.name for path in (share / "man" / "man1").iterdir()}
    assert {"ks-lint.1", "ks-lint-plan.1"} <= pages
    assert (share / "bash-completion" / "completions" / "ks-lint").exists()
    assert (share / "fish" / "vendor_completions.d" / "ks-lint.fish").exists()
    assert run(environment / "bin" / "pip", "uninstall", "--yes", "ks-lint").returncode == 0
    assert not (environment / "bin" / "ks-lint").exists()
    assert not [path for path in share.rglob("*") if path.is_file()]


@pytest.mark.skipif(not SHIPS and not shutil.which("dpkg-deb"), reason="dpkg-deb is not installed")
def test_the_debian_packages_have_the_same_files_as_the_archives(tmp_path: Path, release: Path) -> None:
    for package in ("ks-lint", "node-layout"):
        root = tmp_path / package
        deb = one(release, package + "_*.deb")
        assert run("dpkg-deb", "-x", deb, root).returncode == 0
        with tarfile.open(str(one(release, package + "-*.tar.gz"))) as archive:
            names = {m.name.split("/", 1)[1] for m in archive.getmembers() if not m.isdir()}
        # zsh has another directory in Debian.
        names = {name.replace("zsh/site-functions", "zsh/vendor-completions") for name in names}
        assert {str(path.relative_to(root / "usr")) for path in root.rglob("*") if not path.is_dir()} == names
        fields = run("dpkg-deb", "-f", deb).stdout
        assert "\nVersion: {}\n".format(deb.name.split("_")[1]) in fields
    assert "lvm2" in run("dpkg-deb", "-f", deb, "Depends").stdout
    found = run(tmp_path / "ks-lint" / "usr" / "bin" / "ks-lint", "--format", "concise", EXAMPLE)
    assert found.returncode == 1 and FOUND in found.stdout
    link = tmp_path / "ks-lint" / "usr" / "libexec" / "ks-lint" / "ksvalidator"
    assert link.resolve() == root.parent / "ks-lint" / "usr" / "bin" / "ks-lint"


@pytest.mark.skipif(not SHIPS and (os.geteuid() != 0 or not shutil.which("dpkg")), reason="needs root and dpkg")
def test_dpkg_installs_and_removes_the_package(tmp_path: Path, release: Path) -> None:
    database = tmp_path / "root" / "var" / "lib" / "dpkg"
    database.mkdir(parents=True)
    (database / "status").touch()
    dpkg = ["dpkg", "--root={}".format(tmp_path / "root"), "--force-script-chrootless"]
    installed = run(*dpkg, "--install", one(release, "ks-lint_*.deb"))
    assert installed.returncode == 0, installed.stderr
    assert (tmp_path / "root" / "usr" / "bin" / "ks-lint").exists()
    assert run(*dpkg, "--verify", "ks-lint").stdout == "", "the checksums of the package are right"
    assert run(*dpkg, "--purge", "ks-lint").returncode == 0
    assert not (tmp_path / "root" / "usr" / "bin").exists()


def install(source: object, to: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    return run("sh", PACKAGING / "install.sh", "--from", source, "--to", to, *arguments)


def test_the_installer_installs_what_was_released_and_replaces_it(tmp_path: Path, release: Path) -> None:
    to = tmp_path / "a place"
    for _ in range(2):
        done = install(release, to)
        assert done.returncode == 0, done.stderr
    found = run(to / "bin" / "ks-lint", "--format", "concise", EXAMPLE)
    assert found.returncode == 1 and FOUND in found.stdout
    assert (to / "libexec" / "ks-lint" / "ksvalidator").resolve() == to / "bin" / "ks-lint"
    assert not [path for path in to.rglob("*") if ".new." in path.name]
    assert install(release, to, "--program", "node-layout").returncode == 0
    assert run(to / "bin" / "node-layout", "--version").stdout.startswith("node-layout ")
    archive = one(release, "ks-lint-*.tar.gz")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert install(release, tmp_path / "pinned", "--sha256", digest).returncode == 0


def refused(source: object, to: Path, reason: str, *arguments: object) -> None:
    done = install(source, to, *arguments)
    assert done.returncode in (1, 2) and reason in done.stderr, (reason, done.stderr)
    assert not to.exists(), "something was installed"


def test_a_file_that_was_changed_is_not_installed(tmp_path: Path, copy: Path) -> None:
    to = tmp_path / "to"
    archive = one(copy, "ks-lint-*.tar.gz")
    original = archive.read_bytes()
    for content in (original + b"\n", original[:-1], original[:1000], b""):
        archive.write_bytes(content)
        refused(copy, to, "is not the file that was released")
    archive.unlink()
    refused(copy, to, "cannot be had from")
    archive.write_bytes(original)
    refused(copy, to, "has no archive of ks-lint", "--sha256", "0" * 64)
    (copy / "SHA256SUMS").write_text("")
    refused(copy, to, "has no archive of ks-lint")
    (copy / "SHA256SUMS").unlink()
    refused(copy, to, "cannot be had from")


def test_a_list_of_checksums_cannot_name_a_file_elsewhere(tmp_path: Path, copy: Path) -> None:
    to = tmp_path / "to"
    digest = hashlib.sha256(b"").hexdigest()
    machine = os.uname().machine
    for name in ("../ks-lint-1-{}-linux.tar.gz", "ks-lint-1/x-{}-linux.tar.gz", "ks-lint-1 $(touch x)-{}-linux.tar.gz"):
        (copy / "SHA256SUMS").write_text("{}  {}\n".format(digest, name.format(machine)))
        refused(copy, to, "has no archive of ks-lint")


@pytest.mark.parametrize("inside", ["../outside", "/etc/outside", "{}/../../outside", "other/bin/ks-lint"])
def test_an_archive_with_files_elsewhere_is_not_unpacked(tmp_path: Path, copy: Path, inside: str) -> None:
    archive = one(copy, "ks-lint-*.tar.gz")
    with tarfile.open(str(archive), "w:gz") as new:
        member = tarfile.TarInfo(inside.format(archive.name[: -len(".tar.gz")]))
        new.addfile(member)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (copy / "SHA256SUMS").write_text("{}  {}\n".format(digest, archive.name))
    refused(copy, tmp_path / "to", "has files outside")


def test_what_is_not_encrypted_needs_a_checksum(tmp_path: Path) -> None:
    refused("http://127.0.0.1:9/", tmp_path / "to", "is not encrypted")
    refused("ftp://127.0.0.1/", tmp_path / "to", "only https:// and directories")
    refused("http://127.0.0.1:9/", tmp_path / "to", "cannot be had from", "--sha256", "0" * 64)
    refused("/nonexistent", tmp_path / "to", "64 hexadecimal digits", "--sha256", "abc")
    refused("/nonexistent", tmp_path / "to", "--program is", "--program", "../sh")


@pytest.mark.skipif(not SHIPS, reason="needs root and the programs that ship")
def test_the_container_has_all_that_the_program_needs(tmp_path: Path, programs: Path) -> None:
    """What a builder makes of the container file: nothing but what it copies."""
    text = (PACKAGING / "Containerfile").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines == ["FROM scratch", "COPY ks-lint /ks-lint", "WORKDIR /work", 'ENTRYPOINT ["/ks-lint"]']
    (tmp_path / "work").mkdir()
    shutil.copy(str(programs / "ks-lint"), str(tmp_path / "ks-lint"))
    shutil.copy(str(EXAMPLE), str(tmp_path / "work"))
    found = run("chroot", tmp_path, "/ks-lint", "--format", "concise", "/work")
    assert found.returncode == 1 and FOUND in found.stdout, found


def test_a_program_that_needs_a_library_is_not_released(tmp_path: Path) -> None:
    directory = stand_ins(tmp_path / "programs")
    (directory / "ks-lint").unlink()
    shutil.copy(str(program("ks-lint", "OVIRT_NODE_KS_LINT")), str(directory / "ks-lint"))
    result = run(PACKAGING / "build-release", "--output", tmp_path / "out", "--programs", directory)
    assert result.returncode == 1 and "linked dynamically" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--output"], ["--programs", "/nonexistent"]])
def test_wrong_arguments_are_refused(arguments: List[str]) -> None:
    result = run(PACKAGING / "build-release", *arguments)
    assert result.returncode in (1, 2) and result.stderr


def test_everything_that_ships_is_built_with_the_profile_dist() -> None:
    scripts = [path for path in PACKAGING.rglob("*") if path.is_file()]
    scripts += [REPOSITORY / "addon-python-shim" / "build-image"]
    calls = [line for path in scripts for line in re.findall(r"^\s*cargo build .*", path.read_text(), re.M)]
    assert len(calls) >= 2 and all("--profile dist --locked" in call for call in calls), calls
    assert '\nprofile = "dist"\nlocked = true\n' in (REPOSITORY / "pyproject.toml").read_text()


def test_the_mirror_for_pre_commit_names_the_version_of_the_program() -> None:
    version = run(program("ks-lint", "OVIRT_NODE_KS_LINT"), "--version").stdout.split()[1]
    project = (PACKAGING / "pre-commit-mirror" / "pyproject.toml").read_text()
    assert '"ks-lint=={}"'.format(version) in project and '\nversion = "{}"\n'.format(version) in project


@pytest.mark.skipif(not SHIPS, reason="needs the programs that ship, and installs pre-commit from PyPI")
def test_pre_commit_runs_the_hooks_of_the_mirror(tmp_path: Path, release: Path) -> None:
    environment = tmp_path / "environment"
    assert run(sys.executable, "-m", "venv", environment).returncode == 0
    pip = run(environment / "bin" / "pip", "install", "--quiet", "pre-commit==4.7.0")
    assert pip.returncode == 0, pip.stderr

    def git(directory: Path, *arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        done = run("git", "-C", directory, *identity, *arguments)
        assert done.returncode == 0, done.stderr

    mirror, site = tmp_path / "mirror", tmp_path / "site"
    shutil.copytree(str(PACKAGING / "pre-commit-mirror"), str(mirror))
    site.mkdir()
    host = site / "a host.ks"
    regular = EXAMPLE.read_text()
    irregular = regular.replace("\nnetwork ", "\nnetwork    ")
    assert irregular != regular
    host.write_text(irregular)
    hooks = "repos: [{{repo: '{}', rev: v0.1.0, hooks: [{{id: ks-lint}}, {{id: ks-lint-fmt}}]}}]\n"
    (site / ".pre-commit-config.yaml").write_text(hooks.format(mirror))
    for directory in (mirror, site):
        git(directory, "init", "--quiet")
        git(directory, "add", "--all")
        git(directory, "commit", "--quiet", "--message=x")
    git(mirror, "tag", "v0.1.0")

    def pre_commit(hook: str) -> str:
        done = subprocess.run(
            [str(environment / "bin" / "pre-commit"), "run", "--all-files", hook],
            cwd=str(site),
            stdout=subprocess.PIPE,
            universal_newlines=True,
            env=dict(os.environ, PRE_COMMIT_HOME=str(tmp_path / "home"), PIP_FIND_LINKS=str(release)),
        )
        return "{} {}".format(done.returncode, done.stdout)

    checked = pre_commit("ks-lint")
    assert checked.startswith("1 ") and "a host.ks: 2 errors" in checked, checked
    formatted = pre_commit("ks-lint-fmt")
    assert formatted.startswith("1 ") and "files were modified by this hook" in formatted, formatted
    assert host.read_text() == regular
    again = pre_commit("ks-lint-fmt")
    assert again.startswith("0 ") and "Passed" in again, again


def action(place: Path, **inputs: Optional[str]) -> "subprocess.CompletedProcess[str]":
    """Runs the script of the GitHub action with inputs, in a directory."""
    links = place.parent / "bin"
    links.mkdir(exist_ok=True)
    if not (links / "ks-lint").exists():
        (links / "ks-lint").symlink_to(program("ks-lint", "OVIRT_NODE_KS_LINT"))
    variables = {"KS_LINT_" + name.upper(): value for name, value in inputs.items() if value is not None}
    return subprocess.run(
        ["bash", str(PACKAGING / "github-action" / "check.sh")],
        cwd=str(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        env=dict(
            os.environ,
            PATH="{}:{}".format(links, os.environ["PATH"]),
            HOME=str(place.parent / "home"),
            GITHUB_OUTPUT=str(place.parent / "outputs"),
            **variables,
        ),
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of kickstarts whose names a shell would like to interpret."""
    place = tmp_path / "checkout"
    (place / "two words").mkdir(parents=True)
    shutil.copy(str(EXAMPLE), str(place / "two words" / "a 'b' \"c\" $(touch gone) `touch gone`;*.ks"))
    shutil.copy(str(REPOSITORY / "kickstart-examples" / "node.ks"), str(place / "--fix"))
    shutil.copy(str(REPOSITORY / "kickstart-examples" / "node.ks"), str(place / "node.ks"))
    return place


def test_the_action_annotates_and_fails(checkout: Path) -> None:
    done = action(checkout, paths="two words\n\n--fix\n")
    assert done.returncode == 1 and "title=NODE003" in done.stdout, done
    assert "file=two words/a 'b' \"c\" $(touch gone) `touch gone`;*.ks,line=22" in done.stdout
    assert action(checkout, paths="node.ks").returncode == 0
    done = action(checkout, paths="node.ks", sarif="a log.sarif", syntax="RHEL10", policy="none", fail_on="info")
    assert done.returncode in (0, 1) and (checkout / "a log.sarif").read_text().startswith("{")
    assert (checkout.parent / "outputs").read_text() == "sarif=a log.sarif\n"


@pytest.mark.parametrize("name", ["paths", "syntax", "policy", "fail_on", "sarif", "version", "from"])
@pytest.mark.parametrize(
    "value",
    [
        "$(touch gone)",
        "`touch gone`",
        "; touch gone #",
        "' ; touch gone '",
        '" ; touch gone "',
        "--no-such",
        "a\ntouch gone",
        "::x::",
    ],
)
def test_no_input_of_the_action_is_run(checkout: Path, name: str, value: str) -> None:
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    inputs: Dict[str, Optional[str]] = {"paths": "node.ks"}
    inputs[name] = value
    done = action(checkout, **inputs)
    # Only a name of a file can be as strange as that.
    assert done.returncode == 2 or name == "sarif", done
    assert not list(checkout.parent.rglob("gone")), "a part of the input was run"
    assert all(path.read_bytes() == content for path, content in before.items())
    outputs = checkout.parent / "outputs"
    assert not outputs.exists() or len(outputs.read_text().splitlines()) == 1
    commands = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert all(line.startswith(("::error title=ks-lint::", "::error file=", "::warning file=")) for line in commands), (
        commands
    )


def test_the_action_hands_every_input_over_as_a_variable() -> None:
    text = (PACKAGING / "github-action" / "action.yml").read_text()
    names = re.findall(r"^  ([a-z-]+):\n    description:", text.split("outputs:")[0], re.M)
    assert len(names) == 7
    passed = re.findall(r"^        (KS_LINT_[A-Z_]+): \$\{\{ inputs\.([a-z-]+) \}\}$", text, re.M)
    assert [(variable, name) for variable, name in passed] == [
        ("KS_LINT_" + n.upper().replace("-", "_"), n) for n in names
    ]
    # Nowhere else is a text of the workflow put into the action.
    assert text.count("${{") == len(names) + 2
    script = (PACKAGING / "github-action" / "check.sh").read_text()
    assert set(re.findall(r"KS_LINT_[A-Z_]+[A-Z]", script)) == {variable for variable, _ in passed}


def gitlab(place: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Runs the script of the job as GitLab does, with bash."""
    text = (PACKAGING / "gitlab" / "ks-lint.yml").read_text()
    script = text.split("  script:\n    - |\n")[1].split("  artifacts:")[0]
    lines = [line.strip() for line in script.splitlines()]
    links = place.parent / "bin"
    links.mkdir(exist_ok=True)
    (links / "ks-lint").symlink_to(program("ks-lint", "OVIRT_NODE_KS_LINT"))
    (links / "pip").write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"{}"\n'.format(place.parent / "asked"))
    (links / "pip").chmod(0o755)
    environment = dict(os.environ, PATH="{}:{}".format(links, os.environ["PATH"]), **variables)
    return subprocess.run(
        ["bash", "-c", "set -eo pipefail\n" + "\n".join(lines)],
        cwd=str(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        universal_newlines=True,
        env=environment,
    )


def test_the_job_for_gitlab_leaves_a_report_and_fails(checkout: Path) -> None:
    strange = "$(touch gone) `touch gone`"
    done = gitlab(checkout, KS_LINT_PATHS="two words\nnode.ks", KS_LINT_FAIL_ON="error", KS_LINT_PACKAGE=strange)
    assert done.returncode == 1 and "NODE003" in done.stdout
    assert '"check_name":"NODE003"' in (checkout / "gl-code-quality-report.json").read_text().replace(": ", ":")
    assert (checkout.parent / "asked").read_text().splitlines()[-1] == strange
    assert not list(checkout.parent.rglob("gone"))


def test_the_job_for_gitlab_succeeds_without_findings(checkout: Path) -> None:
    done = gitlab(checkout, KS_LINT_PATHS="node.ks", KS_LINT_FAIL_ON="warning", KS_LINT_PACKAGE="ks-lint")
    assert done.returncode == 0, done.stdout
    assert (checkout / "gl-code-quality-report.json").exists()
