# What nodectl says of this node, when root logs in on a terminal. LVM may be busy: a login does not wait for it.
if [ -n "${PS1-}" ] && [ "$(id -u)" = 0 ]; then
    timeout 10 nodectl motd
fi
