#!/bin/sh
# How a crontab reports a job:  report.sh PING_URL COMMAND [ARGUMENT...]
# Start, output and exit status are sent; the job runs, and its status is kept, whatever becomes of it.
url=$1
shift
rid=$(cat /proc/sys/kernel/random/uuid)
curl -fsS -m 10 --retry 5 -o /dev/null "$url/start?rid=$rid"
output=$("$@" 2>&1)
status=$?
curl -fsS -m 10 --retry 5 -o /dev/null --data-raw "$output" "$url/$status?rid=$rid"
exit "$status"
