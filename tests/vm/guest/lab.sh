# What the jobs in a machine use. Sourced; lines that begin with @@ are results for the host.
export PATH=/sbin:/usr/sbin:/bin:/usr/bin
export DM_DISABLE_UDEV=1
say() { echo "@@ $*"; }
fail() { say "FAIL $*"; end 1; }
run() { "$@" > /tmp/out 2>&1 || { rc=$?; cat /tmp/out; fail "($rc) $*"; }; }
end() { say "EXIT $1"; sync; poweroff -f; sleep 60; }
# In one process: to start one costs more than to load a module.
load_modules() { read modules < ${1:-/modules/names}; modprobe -a $modules || echo "modprobe failed"; }
# The disk with this serial number, waited for.
disk() {
    n=0
    while [ $n -lt 200 ]; do
        for d in /sys/block/vd*; do [ "$(cat $d/serial 2>/dev/null)" = "$1" ] && { echo /dev/${d##*/}; return; }; done
        sleep 0.05; n=$((n+1))
    done
    return 1
}
run_job() {
    job=$(disk job) || fail "no job disk"
    mkdir -p /job && tar xf $job -C /job || fail "job disk"
    cd /job; . ./run
    end 0
}
