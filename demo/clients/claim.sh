#!/bin/sh
# Takes the next accepted configuration from a tunescope queue: POSIX shell, atomic on any disk and on NFS.
#
# claim.sh RESULTS.queue   prints FILE, then its JSON on the next line; exit status 1 where nothing waits.
# claim.sh --done FILE     when it has run. (A result line with "queue_id": id does the same.)
[ "$1" = --done ] && exec mv "$2" "${2%/claimed/*}/done/${2##*/}"
for file in "$1"/pending/*.json; do
    mine="$1/claimed/${file##*/}.$(uname -n).$PPID" # the process that called us is the worker
    mv "$file" "$mine" 2>/dev/null || continue      # another worker was faster, or it was withdrawn
    echo "$mine"
    exec cat "$mine"
done
exit 1
