"""The policies as Anaconda's configuration: read by its own parser where there is one, the fields compared."""

import configparser
import subprocess
from pathlib import Path

import pytest

from conftest import TREE, program

# Anaconda's own files for the product, newest place first; absent in a stand-in.
OWN = {"ovirt-node": ["profile.d/ovirt.conf", "product.d/ovirt.conf"]}


def export(kind, policy):
    command = [str(program("ks-lint", "OVIRT_NODE_KS_LINT")), "policy", "export", "--anaconda", kind, policy]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()


def parsed(path):
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
def test_every_export_is_read(tmp_path, kind, policy):
    file = tmp_path / "x.conf"
    file.write_text(export(kind, policy))
    sections = parsed(file)
    assert sections["Storage Constraints"]["root_device_types"] == [["LVM_THINP"]]
    assert sections["Storage Constraints"]["must_not_be_on_root"] == [["/var"]]
    assert ("Profile" in sections, "Product" in sections) == (kind == "profile", kind == "product")


def test_the_storage_of_the_installer_is_that_of_the_policy(tmp_path):
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
