"""Kills of a running `init`, with SIGTERM and SIGKILL in turn, at random moments; and of LVM while it makes the base.

What is killed is in turn the process alone (as systemd does with the unit of the first boot), its process group (as the add-on
does after its time limit), and everything that it has started (as happens when memory runs out, or at a shutdown). Every fourth
kill comes while /boot is frozen. After each of them

- /boot is not frozen, without a further run. Only if everything was killed while it was frozen, the command that the unit
  starts afterwards, or the next run, must thaw it;
- `node-layout init`, run again at once, completes, nothing is left behind, and `node-layout verify` finds no error.

Which moments are drawn depends on the seed: VM_SEED, or a fixed number. What a machine does at that moment is chance.
"""

import collections
import os
import random
from typing import NamedTuple

import images
import jobs
import leftovers
import packages
import powercut
import qemu
import scenario
import uml

ALL = 200
# What fits in three minutes.
SHARE = 40
FROZEN_EVERY = 4
SEED = int(os.environ.get("VM_SEED", "20261121"))
TARGETS = ("process", "group", "all")


class Kill(NamedTuple):
    """A kill of `init`. `freeze` is the number of the freeze during which it comes, or 0; `moment` is then a part of the time
    for which this freeze lasts, otherwise of the time that `init` takes."""

    signal: str
    target: str
    moment: float
    freeze: int
    # Where a freeze is made to last: after the file system was frozen, or before it is thawed.
    held: str
    # Whether it is the unit's command that thaws what was left frozen.
    unit: bool

    def __str__(self) -> str:
        when = f"while /boot is frozen for the {self.freeze}. time, {self.held}" if self.freeze else f"after {self.moment:.3f}"
        return f"SIG{self.signal} to {self.target} {when}"


class Length(NamedTuple):
    """What an undisturbed `init` takes: seconds, and how often it freezes /boot."""

    seconds: float
    freezes: int


# Runs init in a session and a control group of its own; freezes are counted, and one can be made to last.
RUN = """
mkdir -p /tmp/bin /tmp/groups && mount -t cgroup2 none /tmp/groups && mkdir /tmp/groups/init || fail "no control groups"
echo 0 > /tmp/freezes
cat > /tmp/bin/fsfreeze <<'F'
#!/bin/busybox sh
hold() { [ "$1 $(cat /tmp/freezes)" = "{held} {freeze}" ] && { echo > /tmp/frozen; sleep {pause}; }; }
[ "$1" = --freeze ] && echo $(( $(cat /tmp/freezes) + 1 )) > /tmp/freezes
[ "$1" = --unfreeze ] && hold before-thaw
/sbin/fsfreeze "$@"; status=$?
[ "$1" = --freeze ] && hold after-freeze
exit $status
F
chmod 755 /tmp/bin/fsfreeze
init() {
    setsid sh -c 'echo $$ > /tmp/groups/init/cgroup.procs
        exec node-layout init --tools-path /tmp/bin --sysroot /mnt/sysroot --nvr {nvr} > /tmp/killed 2>&1' &
}
is_frozen() {
    /sbin/fsfreeze --freeze /mnt/sysroot/boot > /tmp/o 2>&1 || { grep -q busy /tmp/o || fail "$(cat /tmp/o)"; return; }
    /sbin/fsfreeze --unfreeze /mnt/sysroot/boot || fail "cannot be thawed"
    return 1
}
# Writing to a frozen file system cannot be interrupted.
is_written() {
    rm -f /tmp/written
    ( echo > /mnt/sysroot/boot/probe && rm /mnt/sysroot/boot/probe && sync -f /mnt/sysroot/boot && echo > /tmp/written ) &
    n=0; while [ $n -lt 200 ]; do [ -e /tmp/written ] && return; sleep 0.05; n=$((n+1)); done
    return 1
}
"""

MEASURE = """
now() { read up idle < /proc/uptime; echo $up; }
started=$(now); init; wait $! || { cat /tmp/killed; fail "init"; }
say "seconds" $(echo "$(now) - $started" | bc)
say "freezes" $(cat /tmp/freezes)
"""

KILL = """
init; pid=$!
if [ {freeze} = 0 ]; then
    sleep {delay}
else
    n=0; until [ -e /tmp/frozen ]; do [ $n = 2000 ] && fail "not frozen"; sleep 0.01; n=$((n+1)); done
    sleep {delay}
    is_frozen || fail "the kill came too late"
fi
case {target}-{signal} in
process-*) kill -{signal} $pid ;;
group-*) kill -{signal} -$pid ;;
all-KILL) echo 1 > /tmp/groups/init/cgroup.kill ;;
all-TERM) kill -TERM $(cat /tmp/groups/init/cgroup.procs) ;;
esac
wait $pid; status=$?
say "status $status"
say "step $(sed -n 's/^\\[\\([0-9]*\\).*/\\1/p' /tmp/killed | tail -1)"
left=no
if [ {target} = all ]; then
    # Also a kill at any other moment may have come between freeze and thaw.
    is_frozen && left=yes
    [ {freeze} = 0 ] || [ $left = yes ] || fail "/boot is not frozen although everything was killed"
fi
say "frozen $left"
if [ $left = yes ] && [ {unit} = True ]; then
    node-layout thaw-left-over || fail "thaw-left-over"
    left=no
fi
[ $left = yes ] || is_written || fail "/boot is left frozen"
rm /tmp/bin/fsfreeze
"""

AFTER = """
is_written || fail "/boot is frozen after init"
[ ! -s /run/node-layout.frozen ] || fail "a freeze is still noted"
"""


# Kills everything while LVM makes the base, and leaves root suspended: LVM suspends it for a moment, and may be killed in it.
KILL_LVM = """
init; pid=$!
n=0; until grep -q '^.2/' /tmp/killed; do [ $n = 2000 ] && fail "no second step"; sleep 0.01; n=$((n+1)); done
sleep {delay}
echo 1 > /tmp/groups/init/cgroup.kill
wait $pid
rm /tmp/bin/fsfreeze
lvm vgcfgbackup -f /tmp/metadata onn > /tmp/o 2>&1 || fail "$(cat /tmp/o)"
if grep -q 'create = "{nvr}"' /tmp/metadata; then
    say "came in it"
    dmsetup suspend --noflush --nolockfs onn-root || fail "root cannot be suspended"
elif grep -q '{nvr} {$' /tmp/metadata; then
    say "came late"
else
    say "came early"
fi
"""

# How many kills of a round are aimed at the making of the base, how many must come in it, and how many rounds there may be.
AIMED = 16
HIT = 3
ROUNDS = 5
# Seconds after the beginning of its step in which the first round comes.
FIRST_ROUND = (0.0, 0.16)


def script(text: str, **more: str) -> str:
    """A script that may run init."""
    kernel = packages.cloud_kernel().version
    return jobs.fill(leftovers.MOUNT + RUN + text, powercut.LAYOUT, other=leftovers.OTHER, version=kernel, **more)


def boot(text: str, what: str) -> qemu.Result:
    """Runs a script on a disk of its own."""
    disk = images.build(powercut.LAYOUT)[0]
    return uml.boot([qemu.Disk(disk, snapshot=True)], text, limit=120).check(f"{what} (VM_SEED={SEED})")


def measure() -> Length:
    """Runs init undisturbed."""
    result = boot(script(MEASURE, held="", freeze="0", pause="0"), "init")
    return Length(float(result.value("seconds")), int(result.value("freezes")))


def draw(number: int, chance: random.Random, freezes: int) -> Kill:
    """The kill with this number: signals and targets in turn, the rest by chance."""
    frozen = number % FROZEN_EVERY == FROZEN_EVERY - 1
    # Each signal goes to each target, also among the kills that come while /boot is frozen.
    turn = number // FROZEN_EVERY if frozen else number - number // FROZEN_EVERY
    return Kill(
        ("TERM", "KILL")[turn % 2],
        TARGETS[turn // 2 % 3],
        chance.random(),
        chance.randint(1, freezes) if frozen else 0,
        chance.choice(("after-freeze", "before-thaw")),
        chance.random() < 0.5,
    )


class Found(NamedTuple):
    """What a kill came upon."""

    # The number of the step that was being done; 0 before the first.
    step: int
    # Whether /boot was frozen after it.
    left_frozen: bool


def look(kill: Kill, length: Length) -> Found | None:
    """Checks one kill; None if init had ended before."""
    # A freeze that is made to last does so for a second.
    delay = kill.moment * (0.5 if kill.freeze else length.seconds)
    text = script(
        KILL + leftovers.COMPLETED.replace("{nvr}", images.NVR) + leftovers.KEPT + AFTER,
        signal=kill.signal,
        target=kill.target,
        freeze=str(kill.freeze),
        held=kill.held,
        unit=str(kill.unit),
        delay=f"{delay:.3f}",
        pause="1",
    )
    result = boot(text, f"init after {kill}")
    status = int(result.value("status"))
    if status == 0:
        return None
    expected = {"TERM": 143, "KILL": 137}[kill.signal]
    assert status == expected, f"{kill}: exit status {status}, not {expected}; console:\n" + "\n".join(result.lines[-30:])
    return Found(int(result.get("step") or 0), result.value("frozen") == "yes")


def killed_lvm() -> str:
    """Kills LVM while it makes the base; root stays suspended, and the next `init` must not break the pool."""

    def one(delay: float) -> str:
        text = script(KILL_LVM + leftovers.COMPLETED + leftovers.KEPT, freeze="0", held="", pause="0", delay=f"{delay:.4f}")
        return boot(text, f"init after LVM was killed {delay * 1000:.0f} ms after the beginning of its step").value("came")

    came: collections.Counter[str] = collections.Counter()
    first, last = FIRST_ROUND
    with scenario.threads(qemu.MACHINES) as threads:
        for _ in range(ROUNDS):
            delays = [first + (last - first) * number / AIMED for number in range(AIMED)]
            found = list(zip(threads.map(one, delays), delays, strict=True))
            came.update(what for what, _ in found)
            if came["in it"] >= HIT:
                break
            # How long it takes is different on each host: the next round comes after what was early and before what was late.
            early = [delay for what, delay in found if what == "early"]
            late = [delay for what, delay in found if what == "late"]
            step = (last - first) / AIMED
            first = max(max(early, default=first) - 4 * step, 0.0)
            last = min(late) + 2 * step if late else 2 * last
            last = max(last, first + 2 * step)
    hit = came["in it"]
    assert hit >= HIT, f"of the kills came while LVM made the base: {dict(came)}"
    return f"{hit} of {came.total()} kills came while LVM made the base; root was left suspended, and each next init completed"


def kills(number: int) -> str:
    """Kills init this many times. A kill that comes too late does not count."""
    chance = random.Random(SEED)
    length = measure()
    done: list[tuple[Kill, Found]] = []
    late = 0
    with scenario.threads(qemu.MACHINES) as threads:
        todo = [draw(n, chance, length.freezes) for n in range(number)]
        while todo:
            found = list(threads.map(lambda kill: look(kill, length), todo))
            done += [(kill, what) for kill, what in zip(todo, found, strict=True) if what]
            again = [kill for kill, what in zip(todo, found, strict=True) if not what]
            late += len(again)
            assert late <= number, f"{late} kills came too late"
            todo = [kill._replace(moment=chance.random()) for kill in again]
    steps = collections.Counter(found.step for _, found in done)
    frozen = sum(1 for kill, _ in done if kill.freeze)
    left = sum(1 for _, found in done if found.left_frozen)
    assert len(done) == number and frozen == number // FROZEN_EVERY, f"{len(done)} kills, {frozen} while /boot was frozen"
    assert left, "none of the kills has left /boot frozen"
    return (
        f"{number} kills, {late} more came too late; {frozen} while /boot was made to be frozen ({length.freezes} freezes in an "
        f"init of {length.seconds:.1f} s); after {left}, all of everything, it was left frozen, until the unit's command or the "
        "next init; each next init completed; by the number of the step "
        + ", ".join(f"{step}: {count}" for step, count in sorted(steps.items()))
        + f"; VM_SEED={SEED}"
    )
