from types import SimpleNamespace

conf = SimpleNamespace(target=SimpleNamespace(system_root="/mnt/sysroot"))
