"""A Debian with systemd whose administrator has changed accounts, settings and packages: it is updated, the image is confirmed by
its own units, and is rolled back from.

Both images are Debian with its own dpkg. Image 2 has packages more (`cron`, `uuid-runtime`), whose scriptlets made an account and
a group there, and changes files of /etc. In the layer of image 1 somebody makes accounts that have the same numbers, edits and
deletes files, and installs `rsync` with dpkg. What the preview says of each file of /etc is recorded, and holds after the update,
the trial and the confirmation; so do the packages, the services and the accounts. After the rollback every file of the old layer
is what it was.
"""

import pathlib
import shutil

import debian
import imagefiles
import images
import jobs
import packages
import powercut
import qemu
import scenario
import trials
import uml
import upgrade
from packages import LAB, run

LAYOUT = images.Layout(
    name="upgrade-debian", root="ext4", root_size="768M", size="16G", pool="--size 10G", early_swap=False, panic=0
)
# With what each needs that the root does not have, which comes first.
OF_THE_IMAGE = ["cron-daemon-common", "sensible-utils", "cron", "uuid-runtime"]
OF_THE_HOST = ["rsync", "libpopt0"]
# Scriptlets start no service where this program forbids it: the tree is on the machine that runs this test.
NO_SERVICES = "#!/bin/sh\nexit 101\n"


def downloaded(names: list[str]) -> pathlib.Path:
    """A directory with the files of these packages, fetched once."""
    where = LAB / "packages/debs" / names[0]
    if not (where / ".complete").exists():
        shutil.rmtree(where, ignore_errors=True)
        packages.download(names, where)
        (where / ".complete").touch()
    return where


def make_image(tree: pathlib.Path) -> None:
    """Makes image 2 of a tree: packages more, and files of /etc that have changed."""
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text(NO_SERVICES)
    policy.chmod(0o755)
    shutil.copytree(downloaded(OF_THE_IMAGE), tree / "debs")
    for package in OF_THE_IMAGE:
        run("chroot", tree, "/bin/sh", "-c", f"/usr/bin/dpkg --install /debs/{package}_*.deb")
    shutil.rmtree(tree / "debs")
    policy.unlink()
    defaults = tree / "etc/login.defs"
    text = defaults.read_text()
    assert "\nUMASK\t\t022\n" in text, "login.defs of Debian has no UMASK"
    defaults.write_text(text.replace("\nUMASK\t\t022\n", "\nUMASK\t\t027\n"))
    (tree / "etc/issue").write_text("Image 2 \\n \\l\n")
    (tree / "etc/debconf.conf").unlink()


# For bash, in all machines.
FUNCTIONS = r"""
# What a name is: its kind, mode and content.
content() {
    if [ -L "$1" ]; then echo "link $(readlink "$1")"
    elif [ -d "$1" ]; then echo "directory $(stat -c %a "$1")"
    elif [ -e "$1" ]; then echo "file $(stat -c %a "$1") $(md5sum < "$1")"
    else echo nothing; fi
}
# All files of the root file system, but what LVM writes by itself and what this test brings.
files() { find . -xdev '(' -path ./etc/lvm -o -path ./tmp -o -path ./mnt -o -path ./job ')' -prune -o "$@"; }
whole() { ( cd /; files '!' -type d -printf '%p %m %u %g %l\n'; files -type f -print0 | xargs -0 md5sum ) | sort; }
"""
# In the layer of image 1, by bash and the programs of the layer.
ADMINISTRATOR = r"""
set -eu
mkdir -p /var/lib/lab /var/cache/apt/archives
# The installation left /var empty.
ln -s ../../usr/lib/sysimage/dpkg /var/lib/dpkg
. /run/functions; cp /run/functions /var/lib/lab
number() { sed -n "s/^$2:x:\([0-9]*\):.*/\1/p" /mnt/2/etc/$1; }
user=$(number passwd uuidd); group=$(number group crontab)
[ -n "$user" ] && [ -n "$group" ]
echo "$user $group" > /var/lib/lab/numbers
groupadd --gid $group operators
useradd --uid $user --gid operators --no-create-home oper
useradd --no-create-home --groups adm,operators alice
echo alice:wonderland | chpasswd
grep ^alice: /etc/shadow > /var/lib/lab/shadow
dpkg --install /mnt/packages/*.deb
cp /mnt/packages/*.deb /var/cache/apt/archives
sed -i 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS\t90/' /etc/login.defs
sed -i "s/^RSYNC_NICE=.*/RSYNC_NICE='10'/" /etc/default/rsync
grep -q "RSYNC_NICE='10'" /etc/default/rsync
echo "uid = nobody" > /etc/rsyncd.conf
systemctl enable rsync
echo "This is the host" > /etc/issue
rm /etc/motd
"""
UPDATE = r"""
PATH=/usr/sbin:/usr/bin:/sbin:/bin
cat > /run/functions <<'END_OF_FUNCTIONS'
{functions}
END_OF_FUNCTIONS
cat > /run/administrator <<'END_OF_ADMINISTRATOR'
{administrator}
END_OF_ADMINISTRATOR
/bin/bash /run/administrator > /run/o 2>&1 || { cat /run/o; fail "what the administrator does"; }
node-layout update /mnt/2 --nvr {new_nvr} --dry-run > /run/preview 2>&1 || { cat /run/preview; fail preview; }
for line in "merged    login.defs" "merged    passwd" "merged    group" "ours      rsyncd.conf" "deleted   motd" \
    "conflict  issue" "theirs    crontab" "come along, from cached files: libpopt0" "/var/spool/cron"; do
    grep -qF "$line" /run/preview || { cat /run/preview; fail "the preview has no line '$line'"; }
done
# What is to be in /etc, by the preview's word for it.
cat > /run/record <<'F'
set -eu -o pipefail
. /run/functions
grep '^#   ' /run/preview | while read -r mark what file rest; do
    case $file in lvm/*) continue ;; esac
    # What a later step writes, with the names of the new layer.
    grep -q "^# change /run/node-layout/layer/etc/$file$" /run/preview && continue
    case $what in
        theirs) from=/mnt/2/etc ;;
        ours | conflict) from=/etc ;;
        deleted) from=/nowhere ;;
        *) continue ;;
    esac
    file=${file%:}
    echo "$what $file $(content "$from/$file")"
done > /var/lib/lab/preview
whole > /var/lib/lab/whole
F
grep "^# change\|^# create" /run/preview
/bin/bash /run/record || fail "record the preview"
say "previewed $(cut -d' ' -f1 /var/lib/lab/preview | sort | uniq -c | tr -s ' \n' '  ')"
node-layout update /mnt/2 --nvr {new_nvr} > /run/o 2>&1 || { cat /run/o; fail update; }
cat /run/o
umount /mnt || fail "unmount the image"
# LVM has started it.
killall -9 dmeventd 2> /dev/null && sleep 1
"""
# In the layer of image 2, in the trial and after it.
AS_PREVIEWED = r"""
as_previewed() {
    . /var/lib/lab/functions
    [ -s /var/lib/lab/preview ] || fail "nothing is known of the preview"
    while read -r what file expected; do
        [ "$(content "/etc/$file")" = "$expected" ] || fail "the preview said $what: /etc/$file is $(content "/etc/$file")"
    done < /var/lib/lab/preview
    for package in rsync libpopt0 cron uuid-runtime; do
        [ "$(dpkg-query --show --showformat '${Status}' $package)" = "install ok installed" ] || fail "$package is not installed"
    done
    dpkg --audit > /tmp/o 2>&1; [ -s /tmp/o ] && { cat /tmp/o; fail "dpkg finds packages that are not whole"; }
    for service in cron rsync; do
        n=0; until systemctl is-active -q $service || [ $n = 60 ]; do sleep 1; n=$((n+1)); done
        systemctl is-active -q $service || { systemctl --no-pager status $service; fail "$service does not run"; }
    done
    grep -q "RSYNC_NICE='10'" /etc/default/rsync || fail "a setting of a package is lost"
    grep -q "^PASS_MAX_DAYS.90" /etc/login.defs && grep -q "^UMASK.*027" /etc/login.defs || fail "login.defs is not merged"
    read -r user group < /var/lib/lab/numbers
    [ "$(id -u oper):$(id -g oper)" = $user:$group ] || fail "the host's account has other numbers: $(id oper)"
    [ "$(id -Gn alice | tr ' ' '\n' | sort | tr '\n' ' ')" = "adm alice operators " ] || fail "groups of alice: $(id alice)"
    grep ^alice: /etc/shadow | cmp - /var/lib/lab/shadow || fail "the password of alice is another one"
    [ "$(id -u uuidd)" != $user ] || fail "two accounts have one number"
    [ "$(stat -c %G:%a /usr/bin/crontab)" = crontab:2755 ] || fail "crontab is of $(stat -c %G:%a /usr/bin/crontab)"
    say "as previewed"
}
"""
BOOTED = (
    trials.BOOTED
    + AS_PREVIEWED
    + r"""
restart() { touch /var/lib/lab/$1; sync; systemctl reboot -ff; sleep 600; }
if [ "$name" != {new_name} ]; then
    [ -e /var/lib/lab/rolled-back ] || { node-layout status; fail "the trial has ended in the old layer"; }
    . /var/lib/lab/functions
    whole > /tmp/whole; diff /tmp/whole /var/lib/lab/whole || fail "the old layer has changed"
    say "whole $(wc -l < /tmp/whole)"
elif [ ! -e /var/lib/lab/confirmed ]; then
    n=0; until node-layout status > /tmp/o 2>&1 || [ $n = 300 ]; do sleep 1; n=$((n+1)); done
    node-layout status || { systemctl --no-pager list-jobs; systemctl --no-pager status "node-layout*"; fail "not confirmed"; }
    as_previewed
    [ "$(stat -c %G:%a /var/spool/cron/crontabs)" = crontab:1730 ] || fail "what the image adds to /var is not there"
    restart confirmed
else
    grep -q node_layout.trial= /proc/cmdline && fail "the default has the arguments of a trial"
    as_previewed
    conflicts=$(node-layout etc conflicts)
    [ "$conflicts" = "/etc/issue: both changed the same place" ] || fail "conflicts: $conflicts"
    systemctl --failed --no-legend | grep node-layout && fail "a unit of node-layout has failed"
    say "status $(node-layout status --format json)"
    node-layout rollback > /tmp/o 2>&1 || { cat /tmp/o; fail rollback; }
    restart rolled-back
fi
node-layout verify > /tmp/verify || { cat /tmp/verify; fail verify; }
say "status $(node-layout status --format json)"
"""
)


def chain() -> str:
    """One update: preview, trial, confirmation, rollback."""
    installed = debian.root("upgrade-debian-1", dpkg=True)
    newer = debian.root("upgrade-debian-2", dpkg=True, change=make_image)
    media = scenario.directory() / "media-upgrade-debian.img"
    debs = f"mkdir /mnt/media/packages; cp /mnt/host{downloaded(OF_THE_HOST)}/*.deb /mnt/media/packages"
    imagefiles.make_small_media(media, LAB / "boot.img", newer, debs)
    disks = trials.first_boot(LAYOUT, installed)
    mount = "mkdir -p /mnt/sysroot/mnt /mnt/sysroot/var/tmp; run mount --bind /mnt/media /mnt/sysroot/mnt\n"
    names = {
        "functions": FUNCTIONS,
        "administrator": ADMINISTRATOR,
        "new_nvr": imagefiles.nvr(2),
        "new_name": powercut.mapped(LAYOUT, imagefiles.layer(2)),
    }
    text = jobs.fill(imagefiles.MEDIA + upgrade.MOUNT_LAYER + mount + jobs.inside(UPDATE), LAYOUT, **names)
    machine: list[qemu.Path | qemu.Disk] = [*disks, qemu.Disk(media, "media", snapshot=True)]
    update = uml.boot(machine, text, memory=512, console=True).check("the update of Debian")
    result = trials.boot(disks, jobs.fill(BOOTED, LAYOUT, **names)).check("the boots of Debian")
    confirmed, last = result.values("status")
    upgrade.check_status(confirmed, booted=2, default=2, states={1: "good", 2: "good"})
    upgrade.check_status(last, booted=1, default=1, states={1: "good", 2: "good"})
    assert len(result.values("booted")) == 3, f"boots: {result.values('booted')}"
    previewed = update.value("previewed")
    assert all(word in previewed for word in ("ours", "theirs", "deleted", "conflict")), f"the preview has only {previewed}"
    return (
        f"in /etc as previewed: {previewed.strip()}; confirmed by its own units, and the old layer's "
        f"{result.value('whole')} files whole after a rollback ({result.seconds:.0f} s)"
    )
