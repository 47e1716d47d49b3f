import threading

from dasbus.server.interface import dbus_interface, dbus_signal
from dasbus.server.publishable import Publishable
from dasbus.server.template import BasicInterfaceTemplate
from dasbus.typing import Bool, Int, Str, Tuple
from gi.repository import GLib
from pyanaconda.core.signal import Signal


class Task(Publishable):
    def __init__(self):
        self.progress_changed_signal = Signal()
        self.stopped_signal = Signal()
        self.progress = (0, "")
        self._thread = None
        self._error = None
        self._cancelled = False

    def for_publication(self):
        return TaskInterface(self)

    def report_progress(self, message, step_number=None, step_size=None):
        self.progress = (0, message)
        GLib.idle_add(lambda: self.progress_changed_signal.emit(0, message))

    def check_cancel(self):
        return self._cancelled

    def cancel(self):
        self._cancelled = True

    @property
    def is_running(self):
        return bool(self._thread and self._thread.is_alive())

    def start(self):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            self.run()
        except Exception as error:
            self._error = error
        GLib.idle_add(lambda: self.stopped_signal.emit())

    def finish(self):
        assert self._thread, "the task was not started"
        self._thread.join()
        if self._error:
            raise self._error


@dbus_interface("org.fedoraproject.Anaconda.Task")
class TaskInterface(BasicInterfaceTemplate):
    def connect_signals(self):
        self.implementation.progress_changed_signal.connect(self.ProgressChanged)
        self.implementation.stopped_signal.connect(self.Stopped)

    @property
    def Name(self) -> Str:
        return self.implementation.name

    @property
    def Progress(self) -> Tuple[Int, Str]:
        return self.implementation.progress

    @property
    def IsRunning(self) -> Bool:
        return self.implementation.is_running

    @dbus_signal
    def ProgressChanged(self, step: Int, message: Str):
        pass

    @dbus_signal
    def Stopped(self):
        pass

    def Start(self):
        self.implementation.start()

    def Cancel(self):
        self.implementation.cancel()

    def Finish(self):
        self.implementation.finish()
