#!/bin/sh
# A machine of the lab: namespaces that a first process holds. When that process is killed, all that is on the machine
# goes with it: processes, mounts, networks. None of it is ever in the namespaces of the host.
#
#   machine.sh boot DIRECTORY CGROUP    run on the host; CGROUP is the name of the machine in every cgroup hierarchy
#   machine.sh init DIRECTORY           the first process; writes its number on the host to DIRECTORY/pid
#   machine.sh run LOG COMMAND...       run in the namespaces: the command, as a process of the machine
set -eu
stage=$1

# The cgroup hierarchies of this process: "memory", "cpu,cpuacct", "name=systemd".
hierarchies() {
  sed -n 's/^[1-9][0-9]*:\([^:]*\):.*/\1/p' /proc/self/cgroup
}

case $stage in
boot)
  directory=$2 cgroup=$3
  for hierarchy in $(hierarchies); do
    top=/sys/fs/cgroup/${hierarchy#name=}
    for group in "$top/${cgroup%/*}" "$top/$cgroup"; do
      mkdir -p "$group"
      # A new cgroup of cpuset has no processors and no memory, and takes no process.
      if [ -e "$group/cpuset.cpus" ]; then
        cat "$top/cpuset.cpus" >"$group/cpuset.cpus"
        cat "$top/cpuset.mems" >"$group/cpuset.mems"
      fi
    done
    echo $$ >"$top/$cgroup/cgroup.procs"
  done
  exec unshare --net --mount --pid --uts --ipc --cgroup --fork --kill-child "$0" init "$directory"
  ;;
init)
  directory=$2
  # From the host's /proc, which is still mounted.
  read -r pid _ </proc/self/stat
  mount -t proc proc /proc
  umount --recursive /sys/fs/cgroup
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  for hierarchy in $(hierarchies); do
    mkdir "/sys/fs/cgroup/${hierarchy#name=}"
    case $hierarchy in name=*) options=none,$hierarchy ;; *) options=$hierarchy ;; esac
    mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/${hierarchy#name=}"
  done
  # Servers keep sockets, checkpoints and links to logs here, whatever their flags say.
  for private in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs "$private"; done
  # The kubelet sets these for the whole host. It gets files that look the same.
  mkdir /run/sysctl
  for name in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys \
    kernel/keys/root_maxbytes; do
    cat "/proc/sys/$name" >"/run/sysctl/${name##*/}"
    mount --bind "/run/sysctl/${name##*/}" "/proc/sys/$name"
  done
  # The kubelet counts 16 processors: attempts request whole ones, and many of them are to run at a time.
  for number in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    processor=/run/processors/node0/cpu$number
    mkdir -p "$processor/topology"
    echo 1 >"$processor/online"
    echo "$number" >"$processor/topology/core_id"
    echo 0 >"$processor/topology/physical_package_id"
  done
  cat /sys/devices/system/node/node0/meminfo >/run/processors/node0/meminfo
  mount --bind /run/processors /sys/devices/system/node
  hostname "${directory##*/}"
  ip link set lo up
  echo "$pid" >"$directory/pid.new"
  mv "$directory/pid.new" "$directory/pid"
  # Not by exec: the shell reaps the processes that their parents leave.
  sleep infinity
  ;;
run)
  log=$2
  shift 2
  for group in /sys/fs/cgroup/*/cgroup.procs; do echo $$ >"$group"; done
  exec "$@" >>"$log" 2>&1
  ;;
esac
