# What nodectl says of this node, when root logs in on a terminal.
if [ -n "${PS1-}" ] && [ "$(id -u)" = 0 ]; then
    nodectl motd
fi
