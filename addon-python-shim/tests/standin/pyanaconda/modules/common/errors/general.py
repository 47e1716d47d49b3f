from dasbus.error import DBusError
from pyanaconda.core.dbus import dbus_error

NAMESPACE = ("org", "fedoraproject", "Anaconda")


@dbus_error("Error", namespace=NAMESPACE)
class AnacondaError(DBusError):
    pass


@dbus_error("InvalidValueError", namespace=NAMESPACE)
class InvalidValueError(AnacondaError):
    pass
