"""Starts the service as its ``__main__`` does, with programs and files of a test in the place of an installer's.

The add-on itself has no such option: the bus that starts it must not choose a program that runs as root.
"""

import importlib
import os

# What an environment variable of a test replaces.
PLACES = {
    "OVIRT_NODE_KICKSTART": "org_ovirt_node.service.checks.KICKSTART",
    "OVIRT_NODE_CMDLINE": "org_ovirt_node.service.checks.CMDLINE",
    "OVIRT_NODE_KS_LINT": "org_ovirt_node.service.programs.KS_LINT",
    "OVIRT_NODE_LAYOUT": "org_ovirt_node.service.programs.NODE_LAYOUT",
}


def main() -> None:
    """Put the test's places into the modules, and run the service."""
    from pyanaconda.modules.common import init

    # Anaconda wants it called before any other import.
    init()
    for variable, place in PLACES.items():
        module, _, name = place.rpartition(".")
        setattr(importlib.import_module(module), name, os.environ[variable])
    from org_ovirt_node.service.ovirt_node import OvirtNode

    OvirtNode().run()


if __name__ == "__main__":
    main()
