from pyanaconda.core.dbus import dbus_error
from pyanaconda.modules.common.errors.general import NAMESPACE, AnacondaError


@dbus_error("StorageInstallationError", namespace=NAMESPACE)
class StorageInstallationError(AnacondaError):
    pass
