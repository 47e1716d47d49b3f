"""The add-on as a process of its own; Anaconda starts it with ``start-module org_ovirt_node.service``."""

# Sets up logging and the locale: Anaconda wants it called before any other import.
from pyanaconda.modules.common import init

init()

from org_ovirt_node.service.ovirt_node import OvirtNode  # noqa: E402

if __name__ == "__main__":
    OvirtNode().run()
