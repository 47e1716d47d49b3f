"""The policies as Anaconda's configuration: read by its own parser where there is one, the fields compared."""

import configparser
import importlib
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from conftest import TREE, program

# Anaconda's own files for the product, newest place first; absent in a stand-in.
OWN = {"ovirt-node": ["profile.d/ovirt.conf", "product.d/ovirt.conf"]}


def export(kind: str, policy: str) -> str:
    command = [str(program("ks-lint", "OVIRT_NODE_KS_LINT")), "policy", "export", "--anaconda", kind, policy]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()


def parsed(path: Path) -> Dict[str, Dict[str, List[List[str]]]]:
    """The sections of a configuration file, each value as its words line by line."""
    if TREE:
        from pyanaconda.core.configuration.base import create_parser, read_config

        parser = create_parser()
        read_config(parser, str(path))
    else:
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(Path(path).read_text())
    sections = {}
    for section in parser.sections():
        values = dict(parser.items(section))
        sections[section] = {
            name: [line.split() for line in value.strip().splitlines()] for name, value in values.items()
        }
    return sections


@pytest.mark.parametrize("policy", ["ovirt-node", "ovirt-node-4.4", "rhvh-4.4"])
@pytest.mark.parametrize("kind", ["profile", "product", "conf"])
def test_every_export_is_read(tmp_path: Path, kind: str, policy: str) -> None:
    file = tmp_path / "x.conf"
    file.write_text(export(kind, policy))
    sections = parsed(file)
    assert sections["Storage Constraints"]["root_device_types"] == [["LVM_THINP"]]
    assert sections["Storage Constraints"]["must_not_be_on_root"] == [["/var"]]
    assert ("Profile" in sections, "Product" in sections) == (kind == "profile", kind == "product")


def test_the_storage_of_the_installer_is_that_of_the_policy(tmp_path: Path) -> None:
    """Field by field what Anaconda's own file for oVirt Node says; without a source tree what is known of it."""
    own = [Path(TREE) / "data" / name for name in OWN["ovirt-node"]] if TREE else []
    file = tmp_path / "x.conf"
    file.write_text(export("conf", "ovirt-node"))
    ours = parsed(file)
    found = next((path for path in own if path.exists()), None)
    if found:
        theirs = parsed(found)
        for section in ("Storage", "Storage Constraints"):
            assert ours[section] == theirs[section], "{} differs from {}".format(section, found)
    assert ours["Storage Constraints"]["req_partition_sizes"] == [
        ["/var", "5", "GiB"],
        ["/var/tmp", "10", "GiB"],
        ["/boot", "1", "GiB"],
    ]
    assert ours["Storage"]["default_partitioning"][0] == ["/", "(min", "6", "GiB)"]


def loader_of(kind: str) -> Any:
    """What finds Anaconda's own configuration for a product: that of this tree, or nothing."""
    module, name = {"product": ("product", "ProductLoader"), "profile": ("profile", "ProfileLoader")}[kind]
    try:
        return getattr(importlib.import_module("pyanaconda.core.configuration." + module), name)()
    except ImportError:
        pytest.skip("this release has no {}.d".format(kind))


def files_for(kind: str, directory: Path, export_to: Callable[[Path], str]) -> List[str]:
    """The files that this installer reads for oVirt Node, in its order, with ours in the place of its own."""
    if kind == "conf":
        return [export_to(directory / "90-ovirt-node.conf")]
    loader = loader_of(kind)
    assert TREE
    for own in (Path(TREE) / "data" / (kind + ".d")).glob("*.conf"):
        shutil.copy(str(own), str(directory))
    export_to(directory / "ovirt.conf")
    if kind == "profile":
        loader.load_profiles(str(directory))
        assert loader.detect_profile("centos", "ovirt-node") == "ovirt", "the running system is not recognised"
        assert loader.check_profile("ovirt")
        return loader.collect_configurations("ovirt")
    loader.load_products(str(directory))
    assert loader.check_product("oVirt Node Next"), "the product is not recognised, or its base is not there"
    return loader.collect_configurations("oVirt Node Next")


@pytest.mark.skipif(not TREE, reason="ANACONDA_TREE names no source tree")
@pytest.mark.parametrize("kind", ["profile", "product", "conf"])
def test_the_installer_takes_the_constraints_from_the_file(tmp_path: Path, kind: str) -> None:
    """Anaconda finds the file, reads it over its own configuration, and comes to the policy."""
    anaconda = importlib.import_module("pyanaconda.core.configuration.anaconda").AnacondaConfiguration()
    assert TREE

    def export_to(file: Path) -> str:
        file.write_text(export(kind, "ovirt-node"))
        return str(file)

    anaconda.read(str(Path(TREE) / "data" / "anaconda.conf"))
    for file in files_for(kind, tmp_path, export_to):
        anaconda.read(file)
    constraints = anaconda.storage_constraints
    assert constraints.must_not_be_on_root == {"/var"}
    required = {mount: size.made_of for mount, size in constraints.req_partition_sizes.items()}
    assert required == {"/var": ("5 GiB",), "/var/tmp": ("10 GiB",), "/boot": ("1 GiB",)}
    volumes = {str(volume.get("name")): volume for volume in anaconda.storage.default_partitioning}
    assert set(volumes) == {
        "/", "/home", "/tmp", "/var", "/var/crash", "/var/log", "/var/log/audit", "/var/tmp", "swap",
    }  # fmt: skip
    assert volumes["/var"]["size"].made_of == ("5 GiB",)
    assert volumes["/"]["min"].made_of == ("6 GiB",)
