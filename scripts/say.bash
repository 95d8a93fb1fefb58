# Sourced by the scripts beside it: how a step, its progress and a failure are said.
# shellcheck shell=bash

step() {
	declare desc="Say that a step begins"
	echo "-----> $*"
}

detail() {
	declare desc="Say something about the step"
	echo "       $*"
}

fail() {
	declare desc="Say why on stderr and stop"
	echo " !     $*" >&2
	exit 1
}

progress() {
	declare desc="Run a command as a step: one line that updates on a terminal, plain lines elsewhere, its last words when it fails" label="$1"
	shift
	local log pid status=0 begun="$SECONDS" said=0
	log="$(mktemp)"
	step "$label"
	# A process group of its own, so that Ctrl-C ends everything the step has started.
	set -m
	"$@" </dev/null >"$log" 2>&1 &
	pid=$!
	set +m
	trap 'kill -- "-$pid" 2>/dev/null; rm -f "$log"; exit 130' INT TERM
	while kill -0 "$pid" 2>/dev/null; do
		still-running "$log" $((SECONDS - begun))
		sleep 0.1
	done
	wait "$pid" || status=$?
	trap - INT TERM
	[[ ! -t 1 ]] || printf '\r\033[K'
	if ((status)); then
		tail -n 20 "$log" | sed 's/^/       /' >&2
	fi
	rm -f "$log"
	return "$status"
}

still-running() {
	declare desc="Say how long the step has run and its last line; on a terminal always, else every ten seconds" log="$1" seconds="$2"
	local last width="${COLUMNS:-80}"
	((seconds >= 2)) || return 0
	if [[ -t 1 ]]; then
		last="$(last-line "$log")"
		printf '\r\033[K       %d s  %s' "$seconds" "${last:0:$((width - 20))}"
	elif ((seconds >= said + 10)); then
		said="$seconds"
		last="$(last-line "$log")"
		detail "$seconds s  ${last:0:100}"
	fi
}

last-line() {
	declare desc="The last words of a log, without control characters" log="$1"
	{ echo "still at it"; tail -c 400 "$log"; } | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | tr '\r' '\n' | tr -cd '\n[:print:]' | grep -v '^ *$' | tail -n 1 || true
}
