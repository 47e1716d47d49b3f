"""Packages of an administrator whose files are not cached: `update --network` fetches them with the real dnf.

The node is that of carried.py, with RPM. dnf and the Python that it needs are the host's: /sbin/dnf of the node changes into the
host's root directory, where it sees /run, /mnt, /etc and /var of the node. The repository is a directory (createrepo_c). An
update without --network is refused; one with a repository that cannot be read is taken back, and nothing is left; with the right
repository the new layer has the packages.
"""

import pathlib

import carried
import imagefiles
import images
import jobs
import packages
import uml
import upgrade

HOST_ROOT = """
mkdir -p /mnt/sysroot/mnt /mnt/sysroot/opt/host
run mount --bind /mnt/media /mnt/sysroot/mnt
run mount --rbind /mnt/host /mnt/sysroot/opt/host
"""
PROGRAMS = """
cat > /sbin/dnf <<'F'
#!/run/busybox sh
# In a mount namespace of its own: what is mounted here is seen by dnf only.
exec unshare --mount /run/busybox sh -c '
    for d in run mnt etc var; do mount --rbind /$d /opt/host/$d || exit 99; done
    exec chroot /opt/host /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/bin/dnf "$@"' dnf "$@"
F
chmod 755 /sbin/dnf
mkdir -p /etc/yum.repos.d
repository() { printf '[lab]\\nname=lab\\nbaseurl=file://%s\\ngpgcheck=0\\n' $1 > /etc/yum.repos.d/lab.repo; }
"""
UPDATE = """
update() { node-layout update /mnt/2 --nvr {new_nvr} "$@" > /run/o 2>&1; }
nothing() {
    lvs {vg}/{new_nvr} > /dev/null 2>&1 && fail "a base is left"
    lvs {vg}/{new} > /dev/null 2>&1 && fail "a layer is left"
    [ -e /run/node-layout/dnf ] && fail "what dnf fetched is left"
    node-layout verify > /run/v 2>&1 || { cat /run/v; fail verify; }
}
repository /mnt/packages
update && fail "an update without the packages is not refused"
grep -q "{missing}" /run/o || { cat /run/o; fail "the missing file is not named"; }
nothing; say "refused without the network"
repository /mnt/nowhere
update --network && fail "an update whose repository cannot be read succeeds"
grep -q "Failed to download metadata for repo 'lab'" /run/o && grep -q "everything was undone" /run/o ||
    { cat /run/o; fail "the answer of dnf is not shown"; }
nothing; say "taken back without the repository"
repository /mnt/packages
update --network || { cat /run/o; fail update; }
grep 'dnf' /run/o
node-layout status > /run/o 2>&1; [ $? = 3 ] || { cat /run/o; fail "no trial is pending"; }
[ -e /run/node-layout/dnf ] && fail "what dnf fetched is left"
lvchange -q -ay {vg}/{new}; mkdir -p /run/new
run mount -t ext4 -o ro,noload /dev/{vg}/{new} /run/new
# RPM writes where it reads.
cp -r /run/new/usr/share/rpm /run/database
/sbin/rpm --dbpath /run/database --query alpha kmod-lab > /run/o 2>&1 || { cat /run/o; fail "a package is not installed"; }
[ "$(cat /run/new/usr/share/alpha/data)" = alpha ] || fail "a file of the package is missing"
[ "$(cat /run/new/etc/alpha.conf)" = "of this host" ] || fail "the setting of the host is lost"
[ -s /run/new/usr/lib/modules/{kver}/extra/{module}.ko ] || fail "the module is missing"
umount /run/new
say "fetched"
"""


def make_repository(out: pathlib.Path) -> None:
    """The packages of carried.py, and what dnf reads about them."""
    carried.make_rpms(out)
    packages.run("createrepo_c", "--quiet", out)


def fetched() -> str:
    """One node, three updates."""
    layout = images.Layout(name="packages-network", root="ext4", root_size="640M", size="16G", pool="--size 10G")
    node = carried.installed("rpm", layout, make=make_repository)
    text = (
        imagefiles.MEDIA + upgrade.MOUNT_LAYER + imagefiles.HOST + HOST_ROOT + jobs.inside(PROGRAMS + carried.INSTALLED + UPDATE)
    )
    update = uml.boot(node.machine(node.disks), jobs.fill(text, layout, **node.fill), memory=768, console=True)
    update.check("updates that fetch packages")
    return f"{', '.join(line for line in update.reports if not line.startswith('EXIT'))} by the real dnf ({update.seconds:.0f} s)"
