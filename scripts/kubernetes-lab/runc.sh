#!/bin/sh
# runc for hosts where root lacks CAP_SYS_RESOURCE: the kubelet wants the pause containers to be the last that the kernel
# kills, and runc may not ask for that there.
bundle='' previous=''
for word; do
  [ "$previous" != --bundle ] || bundle=$word
  previous=$word
done
[ -z "$bundle" ] || sed -i 's/"oomScoreAdj":-[0-9]*/"oomScoreAdj":0/' "$bundle/config.json"
exec runc "$@"
