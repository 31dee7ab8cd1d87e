#!/usr/bin/env bash
# Renames the log files of a service, compresses old ones and deletes the oldest.
#
# usage: rotate_logs.sh DIRECTORY [KEEP]
set -euo pipefail

readonly log_dir="${1:?usage: rotate_logs.sh DIRECTORY [KEEP]}"
readonly keep="${2:-7}"

fail() {
  printf 'rotate_logs: %s\n' "$1" >&2
  exit 1
}

# Only one run at a time: cron starts the next although the last still compresses.
take_lock() {
  exec 9>"$log_dir/.rotate.lock"
  flock --nonblock 9 || fail "another run holds $log_dir/.rotate.lock"
}

# app.log -> app.log.1, app.log.1 -> app.log.2.gz and so on.
shift_generations() {
  local log="$1" n
  for ((n = keep - 1; n >= 1; n--)); do
    if [[ -f "$log.$n.gz" ]]; then
      mv -- "$log.$n.gz" "$log.$((n + 1)).gz"
    elif [[ -f "$log.$n" ]]; then
      gzip --best -- "$log.$n"
      mv -- "$log.$n.gz" "$log.$((n + 1)).gz"
    fi
  done
  rm -f -- "$log.$((keep + 1)).gz"
  mv -- "$log" "$log.1"
  : >"$log"
}

# The service goes on writing to the renamed file until it is told to open the new one.
signal_service() {
  local pid_file="$log_dir/service.pid"
  if [[ -r "$pid_file" ]]; then
    kill -USR1 "$(<"$pid_file")" || printf 'rotate_logs: the service is not running\n' >&2
  fi
}

[[ -d "$log_dir" ]] || fail "$log_dir is not a directory"
take_lock
shopt -s nullglob
for log in "$log_dir"/*.log; do
  [[ -s "$log" ]] && shift_generations "$log"
done
signal_service
