# shellcheck shell=sh
# What a package does after its files have come or gone. Nothing here may fail: there may be no udevd and no modules,
# in a container for example, and then brasskey works without a key that browsers see.

# tell_udev: has a udevd that runs read its rules.
tell_udev() {
  if [ -S /run/udev/control ]; then udevadm control --reload || :; fi
}

# settle: as it is after the next boot.
settle() {
  if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers brasskey.conf || :
  elif ! getent group brasskey >/dev/null; then
    groupadd --system brasskey || :
  fi
  tell_udev
  modprobe --quiet uhid 2>/dev/null || :
  if [ -S /run/udev/control ]; then
    udevadm trigger --settle --action=add --subsystem-match=hidraw || :
    udevadm trigger --settle --action=add --sysname-match=uhid || :
  fi
}

# close: nobody may make input devices any more.
close() {
  tell_udev
  if [ -c /dev/uhid ]; then
    chown root:root /dev/uhid || :
    chmod 0600 /dev/uhid || :
  fi
}
