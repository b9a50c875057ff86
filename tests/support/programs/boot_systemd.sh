# Start a service with a real systemd in new namespaces, as root:
# `boot_systemd.sh SERVICE DATA PYTHON SITE PROJECT`.
#
# SERVICE is the file of the unit. The other arguments are folders. The service sees them as
# /srv/llm-stats, /opt/python, /opt/site and /opt/project. /srv/disk is an empty folder on another
# file system. The user `llm-stats` exists during the test. At the end, DATA/code contains the exit
# code of `systemctl start`, and DATA/journal its messages and the result of the service.
set -eu
if [ "${6:-}" != inside ]; then
    exec unshare --mount --pid --fork --kill-child --mount-proc --uts --ipc --cgroup \
        sh "$0" "$@" inside
fi
service=$(basename "$1")
mount --make-rprivate /
for folder in /run /srv /opt /var/log; do mount -t tmpfs -o mode=755 tmpfs $folder; done
mkdir -p /run/systemd/system /run/lock /srv/llm-stats /opt/python /opt/site /opt/project
mount --rbind "$2" /srv/llm-stats
mount --bind "$3" /opt/python
mount --bind "$4" /opt/site
mount --bind "$5" /opt/project
cp "$1" /run/systemd/system/
for unit in systemd-sysctl systemd-tmpfiles-setup systemd-tmpfiles-clean; do
    ln -s /dev/null /run/systemd/system/$unit.service  # it would change the machine outside
done
cp /etc/passwd /run/passwd
echo "llm-stats:x:65533:65533::/srv/llm-stats:/bin/sh" >> /run/passwd
mount --bind /run/passwd /etc/passwd
mkdir /srv/disk
chown -Rh 65533:65533 /srv/llm-stats /srv/disk
umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
printf '[Unit]\nDescription=Nothing\n' > /run/systemd/system/ready.target
(
    until systemctl is-system-running > /dev/null 2>&1; do sleep 0.1; done
    code=0
    systemctl start --job-mode=ignore-dependencies "$service" > /run/start 2>&1 || code=$?
    systemctl show "$service" --property=Result,ExecMainStatus >> /run/start
    cat /run/start > /srv/llm-stats/journal
    echo $code > /srv/llm-stats/code
    kill -s RTMIN+14 1  # systemd ends at once, and with it this namespace
) &
container=test exec /lib/systemd/systemd --system --unit=ready.target --show-status=no \
    --log-target=null
