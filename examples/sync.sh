#!/bin/bash
# Reads incident.io into a target, from where the run before stopped:  sync.sh TARGET [ARGUMENT...]
# Works in the current folder: takes config.json and catalog.json if they are there, and keeps state.json.
tap=${TAP_INCIDENT:-$HOME/.venvs/tap-incident/bin/tap-incident}
options=()
for name in config catalog state; do
  [ -s "$name.json" ] && options+=("--$name" "$name.json")
done

"$tap" "${options[@]}" | "$@" > state.out
# Both, where `set -o pipefail` would keep only one: see below what each of them decides.
codes=("${PIPESTATUS[@]}")

# A target prints a state after it has stored everything that the state covers: its last one counts also if the tap failed.
# Of a target that failed, the last line may be half a line.
if [ "${codes[1]}" -eq 0 ] && [ -s state.out ]; then
  # By mv, so that there is never half a state, whatever happens here.
  tail -n 1 state.out > state.new && mv state.new state.json
fi
exit $((codes[0] ? codes[0] : codes[1]))
