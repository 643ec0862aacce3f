#!/bin/bash
# Loads incident.io into a target, and resumes where the last run stopped:  sync.sh TARGET [ARGUMENT...]
# Uses config.json, catalog.json and state.json of the current folder, if they exist. Writes state.json.
tap=${TAP_INCIDENT:-$HOME/.venvs/tap-incident/bin/tap-incident}
options=()
for name in config catalog state; do
  [ -s "$name.json" ] && options+=("--$name" "$name.json")
done

"$tap" "${options[@]}" | "$@" > state.out
# The exit codes of both: `set -o pipefail` would keep only one.
codes=("${PIPESTATUS[@]}")

# A target prints a state after it has stored everything that the state covers, so keep the state even if the tap failed.
# If the target failed, its last line may be incomplete.
if [ "${codes[1]}" -eq 0 ] && [ -s state.out ]; then
  # mv replaces the file in one step, so state.json is never incomplete.
  tail -n 1 state.out > state.new && mv state.new state.json
fi
exit $((codes[0] ? codes[0] : codes[1]))
