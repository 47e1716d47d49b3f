"""Names of the add-on on the message bus, and where its programs are."""

from dasbus.identifier import DBusServiceIdentifier
from pyanaconda.core.dbus import DBus
from pyanaconda.modules.common.constants.namespaces import ADDONS_NAMESPACE

ADDON_NAME = "org_ovirt_node"

OVIRT_NODE_NAMESPACE = (*ADDONS_NAMESPACE, "OvirtNode")

OVIRT_NODE = DBusServiceIdentifier(namespace=OVIRT_NODE_NAMESPACE, message_bus=DBus)
