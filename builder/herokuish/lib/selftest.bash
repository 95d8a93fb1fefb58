# Does an app build and answer?

self-test() {
	declare desc="Builds, starts web on port 5678 and compares what it answers" path="${1:-/}" expected="$2"
	local answer="" status=0 web tries=0
	(buildpack-build)
	step "Starting web on port 5678"
	PORT=5678 /start web &
	web=$!
	trap "kill $web 2>/dev/null" EXIT
	until answer="$(curl --silent --fail --max-time 5 "http://127.0.0.1:5678$path")"; do
		((++tries < 60)) && kill -0 "$web" 2>/dev/null || fail "web did not answer $path within 30 seconds"
		sleep 0.5
	done
	if [[ -n "$expected" && "$answer" != "$expected" ]]; then
		echo " !     $path answers \"$answer\", expected \"$expected\"" >&2
		status=2
	fi
	[[ "$status" != 0 ]] || step "$path answers as expected"
	exit "$status"
}
