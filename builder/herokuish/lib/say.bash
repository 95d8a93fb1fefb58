# What people read.

step() {
	declare desc="A step begins"
	echo "-----> $*"
}

detail() {
	declare desc="A line about the step"
	echo "       $*"
}

fail() {
	declare desc="Says why, and ends" message="$1" status="${2:-1}"
	echo " !     $message" >&2
	exit "$status"
}

shown() {
	declare desc="A URL without the name and password in it" url="$1"
	sed 's#//[^/@]*@#//#' <<<"$url"
}

indent() {
	declare desc="What a buildpack says as details of its step, but for lines that are steps already"
	local line
	while IFS= read -r line || [[ -n "$line" ]]; do
		case "$line" in
			--* | ==* | " !"* | "       "*) printf '%s\n' "$line" ;;
			"") echo ;;
			*) printf '       %s\n' "$line" ;;
		esac
	done
}
