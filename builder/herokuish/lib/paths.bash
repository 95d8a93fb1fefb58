# Where everything is; each of them from the environment where it says so.
export APP_PATH="${APP_PATH:-/app}"
export ENV_PATH="${ENV_PATH:-/tmp/env}"
export BUILD_PATH="${BUILD_PATH:-/tmp/build}"
export CACHE_PATH="${CACHE_PATH:-/tmp/cache}"
export IMPORT_PATH="${IMPORT_PATH:-/tmp/app}"
export BUILDPACK_PATH="${BUILDPACK_PATH:-/tmp/buildpacks}"
export STACK="${STACK:-heroku-24}"
readonly SLUG_PATH=/tmp/slug.tgz

paths() {
	declare desc="Prints them"
	local name
	for name in APP_PATH ENV_PATH BUILD_PATH CACHE_PATH IMPORT_PATH BUILDPACK_PATH SLUG_PATH; do
		printf '%-15s # %s\n' "$name=${!name}" "$(meaning "$name")"
	done
}

meaning() {
	declare desc="What a path is for" name="$1"
	case "$name" in
		APP_PATH) echo "the app as it runs" ;;
		ENV_PATH) echo "variables of the build, a file for each" ;;
		BUILD_PATH) echo "the app while it is compiled" ;;
		CACHE_PATH) echo "what buildpacks keep for the next build" ;;
		IMPORT_PATH) echo "source that a build begins with" ;;
		BUILDPACK_PATH) echo "buildpacks that are installed" ;;
		SLUG_PATH) echo "the slug that slug generate makes" ;;
	esac
}
