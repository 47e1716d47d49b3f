import os

from dasbus.connection import AddressedMessageBus
from dasbus.error import ErrorMapper, get_error_decorator

error_mapper = ErrorMapper()
dbus_error = get_error_decorator(error_mapper)
DBus = AddressedMessageBus(os.environ["DBUS_STARTER_ADDRESS"], error_mapper=error_mapper)
