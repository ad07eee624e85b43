#!/bin/sh
# A systemd of one user, for tests: sh user-systemd.sh FOLDER [probe], inside namespaces of its own (see USER_SYSTEMD in runner/needs.ts).
# FOLDER holds run/ (its sockets) and home/. It runs until it is killed; with `probe` it ends as soon as it answers, and removes FOLDER.
# Its cgroups lie below one that is called as FOLDER is; `sh user-systemd.sh FOLDER sweep`, outside, removes them when all has ended.
folder=$1
mine=$(basename "$folder")
sweep() {
  for _ in 1 2 3 4 5; do
    find /sys/fs/cgroup -depth -type d -path "*/$mine*" -exec rmdir {} + 2>/dev/null
    [ -z "$(find /sys/fs/cgroup -type d -name "$mine")" ] && return
    sleep 0.1
  done
}
[ "$2" = sweep ] && { sweep; exit; }

export XDG_RUNTIME_DIR="$folder/run" HOME="$folder/home"
unset XDG_CONFIG_HOME DBUS_SESSION_BUS_ADDRESS
mkdir -p "$XDG_RUNTIME_DIR" "$HOME" /run/systemd
chmod 700 "$XDG_RUNTIME_DIR"
# it asks whether the machine was booted with systemd; this mount is seen in here only
mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/system || exit 1
for tree in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ -e "$tree/cgroup.procs" ] || continue
  mkdir "$tree/$mine" 2>/dev/null && { echo 0 >"$tree/$mine/cgroup.procs" || rmdir "$tree/$mine"; } 2>/dev/null
done
/usr/lib/systemd/systemd --user --log-target=console --log-level=err &
manager=$!
[ "$2" = probe ] || { wait; exit; }
code=1
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  sleep 0.2
  systemctl --user show-environment >/dev/null 2>&1 || continue
  systemd-run --user --quiet --wait true
  code=$?
  break
done
[ "$code" = 0 ] || echo 'systemd --user does not start what it is asked to' >&2
kill "$manager"
wait
for tree in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ -e "$tree/$mine" ] && echo 0 >"$tree/cgroup.procs"
done
sweep
rm -rf "$folder"
exit "$code"
