"""What other processes of the installer can see and set."""

from dasbus.server.interface import dbus_interface
from dasbus.server.property import emits_properties_changed
from dasbus.typing import Int, Str
from pyanaconda.modules.common.base import KickstartModuleInterface

from org_ovirt_node.constants import OVIRT_NODE

# dasbus reads the annotations of this class: Int and Str are D-Bus types. A property can be assigned to
# (Anaconda 40 and newer) or set with the method of the same name (older ones).


@dbus_interface(OVIRT_NODE.interface_name)
class OvirtNodeInterface(KickstartModuleInterface):
    """The interface org.fedoraproject.Anaconda.Addons.OvirtNode."""

    def connect_signals(self):
        """Announce changed properties."""
        super().connect_signals()
        self.watch_property("Policy", self.implementation.policy_changed)
        self.watch_property("Enforce", self.implementation.enforce_changed)
        self.watch_property("Nvr", self.implementation.nvr_changed)
        self.watch_property("Layout", self.implementation.layout_changed)
        self.watch_property("KeepImages", self.implementation.keep_images_changed)

    @property
    def Policy(self) -> Str:
        """Name of the layout policy; empty without a section."""
        return self.implementation.policy

    @Policy.setter
    @emits_properties_changed
    def Policy(self, policy: Str):
        self.implementation.set_policy(policy)

    @emits_properties_changed
    def SetPolicy(self, policy: Str):
        """Name another policy."""
        self.implementation.set_policy(policy)

    @property
    def Enforce(self) -> Str:
        """What happens with findings: error, warn or off."""
        return self.implementation.enforce

    @Enforce.setter
    @emits_properties_changed
    def Enforce(self, enforce: Str):
        self.implementation.set_enforce(enforce)

    @emits_properties_changed
    def SetEnforce(self, enforce: Str):
        """Say what happens with findings."""
        self.implementation.set_enforce(enforce)

    @property
    def Nvr(self) -> Str:
        """Name, version and release of the installed image; empty: the image says it."""
        return self.implementation.nvr

    @Nvr.setter
    @emits_properties_changed
    def Nvr(self, nvr: Str):
        self.implementation.set_nvr(nvr)

    @emits_properties_changed
    def SetNvr(self, nvr: Str):
        """Name the installed image."""
        self.implementation.set_nvr(nvr)

    @property
    def Layout(self) -> Str:
        """Whether base and layer are made after the installation: init or skip."""
        return self.implementation.layout

    @Layout.setter
    @emits_properties_changed
    def Layout(self, layout: Str):
        self.implementation.set_layout(layout)

    @emits_properties_changed
    def SetLayout(self, layout: Str):
        """Say whether base and layer are made after the installation."""
        self.implementation.set_layout(layout)

    @property
    def KeepImages(self) -> Int:
        """Images that must fit, the installed one included; 0: the policy does not say."""
        return self.implementation.keep_images

    @KeepImages.setter
    @emits_properties_changed
    def KeepImages(self, images: Int):
        self.implementation.set_keep_images(images)

    @emits_properties_changed
    def SetKeepImages(self, images: Int):
        """Say how many images must fit."""
        self.implementation.set_keep_images(images)
