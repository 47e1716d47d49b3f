from dasbus.server.container import DBusContainer
from pyanaconda.core.dbus import DBus

TaskContainer = DBusContainer(DBus, ("org", "fedoraproject", "Anaconda"), "Task")
