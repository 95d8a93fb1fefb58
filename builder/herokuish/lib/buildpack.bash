# The buildpack protocol: detect, compile, release.

# Whoever compiles and runs the app: the user `app` of the image, or the one that Heroku's stacks have under this number.
readonly APP_UID=1000
readonly TIMEOUT="${HEROKUISH_TIMEOUT:-3600}"

buildpack-build() {
	declare desc="Compiles the source into the app, by one buildpack or by several in order"
	prepare-source
	select-buildpacks
	run-each compile "$BUILD_PATH" "$CACHE_PATH" "$ENV_PATH"
	release "${SELECTED[-1]}"
	finish
}

buildpack-detect() {
	declare desc="Says which buildpack knows the app"
	prepare-source
	select-buildpacks
}

buildpack-test() {
	declare desc="Compiles for tests, and runs those of the app by the last buildpack"
	prepare-source
	select-buildpacks
	local last="${SELECTED[-1]}"
	[[ -x "$last/bin/test-compile" && -x "$last/bin/test" ]] || fail "Selected buildpack does not support test feature"
	run-each test-compile "$BUILD_PATH" "$CACHE_PATH" "$ENV_PATH"
	move-build
	profile-load
	step "Running tests"
	as-user "$last/bin/test" "$APP_PATH" "$ENV_PATH"
}

prepare-source() {
	declare desc="Copies what was imported to where it is compiled, in the hands of the app's user"
	mkdir -p "$APP_PATH" "$BUILD_PATH" "$CACHE_PATH" "$BUILDPACK_PATH"
	if [[ -d "$IMPORT_PATH" && -n "$(ls -A "$IMPORT_PATH")" ]]; then cp -a "$IMPORT_PATH/." "$BUILD_PATH/"; else cp -a "$APP_PATH/." "$BUILD_PATH/"; fi
	rm -rf "$BUILD_PATH/.git"
	env-prepare
	[[ $EUID == 0 ]] || return 0
	local path
	for path in "$APP_PATH" "$BUILD_PATH" "$CACHE_PATH" "$ENV_PATH"; do own "$path"; done
}

own() {
	declare desc="Gives a tree to the app's user, only where one of its files is another's" path="$1"
	[[ -z "$(find "$path" ! -uid "$APP_UID" -print -quit)" ]] || chown -R "$APP_UID:$APP_UID" "$path"
}

select-buildpacks() {
	declare desc="Fills SELECTED: those that are named, else the first installed one that knows the app"
	local named=() one at=0
	SELECTED=()
	mapfile -t named < <(named-buildpacks)
	for one in "${named[@]}"; do
		at=$((at + 1))
		step "Fetching buildpack $(shown "$one")"
		buildpack-install "$one" "" "$(printf 'named-%03d' "$at")"
		own "$BUILDPACK_PATH/$(printf 'named-%03d' "$at")"
		detect "$BUILDPACK_PATH/$(printf 'named-%03d' "$at")" || fail "the buildpack $(shown "$one") does not know this app" 65
	done
	((at == 0)) || return 0
	for one in $(buildpack-list); do
		[[ "$one" != named-* ]] || continue
		if detect "$BUILDPACK_PATH/$one"; then return; fi
	done
	fail "Unable to select a buildpack" 65
}

named-buildpacks() {
	declare desc="URLs of buildpacks, one a line: those the builder was told, BUILDPACK_URL, then .buildpacks"
	local url
	if [[ -n "$HEROKUISH_BUILDPACKS" ]]; then
		tr ' ' '\n' <<<"$HEROKUISH_BUILDPACKS"
		return
	fi
	url="$(env-value BUILDPACK_URL)"
	if [[ -n "$url" ]]; then
		echo "$url"
	elif [[ -f "$BUILD_PATH/.buildpacks" ]]; then
		sed -e 's/\r$//' -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' -e '/^#/d' -e '/^$/d' "$BUILD_PATH/.buildpacks"
	fi
}

detect() {
	declare desc="Does a buildpack know the app? Then it is selected" buildpack="$1"
	local name said status=0
	[[ -f "$buildpack/bin/detect" ]] || return 1
	# Into a file: what it leaves running would hold a pipe open.
	said="$(mktemp)"
	as-user "$buildpack/bin/detect" "$BUILD_PATH" >"$said" || status=$?
	name="$(head -c 200 "$said")"
	rm -f "$said"
	[[ "$status" == 0 ]] || return 1
	step "${name:-${buildpack##*/}} app detected"
	SELECTED+=("$buildpack")
}

run-each() {
	declare desc="Runs a program of each selected buildpack; what one exports, the next ones see" program="$1"
	local buildpack status begun
	for buildpack in "${SELECTED[@]}"; do
		[[ -f "$buildpack/bin/$program" ]] || fail "${buildpack##*/} has no bin/$program"
		begun="$SECONDS"
		status=0
		run-indented "$buildpack" "$buildpack/bin/$program" "${@:2}" || status=$?
		if [[ "$status" == 124 || "$status" == 137 ]] && ((SECONDS - begun >= TIMEOUT)); then
			fail "the buildpack was ended: it took longer than $TIMEOUT seconds" 67
		fi
		case "$status" in
			0) ;;
			137) fail "bin/$program of the buildpack was killed, most likely for memory" 137 ;;
			153) fail "the buildpack was ended: it wrote a file larger than HEROKUISH_FILE_SIZE allows" 67 ;;
			# These mean something else of ours.
			65 | 66 | 67) fail "bin/$program of the buildpack failed with exit status $status" ;;
			*) fail "bin/$program of the buildpack failed with exit status $status" "$status" ;;
		esac
		[[ ! -f "$buildpack/export" ]] || take-exports "$buildpack/export"
	done
}

run-indented() {
	declare desc="Runs a program as the app's user in a folder and shows what it says; what it leaves running ends with it" dir="$1"
	local status=0 runner reader tries=0 out
	exec {out}> >(indent)
	reader=$!
	(cd "$dir" && exec-as-user "${@:2}") >&"$out" 2>&1 {out}>&- &
	runner=$!
	exec {out}>&-
	wait "$runner" 2>/dev/null || status=$?
	# It is the first of a group of its own.
	kill -KILL -- "-$runner" 2>/dev/null || true
	# Whatever has left that group may keep the pipe open for ever.
	while kill -0 "$reader" 2>/dev/null && ((++tries < 100)); do sleep 0.1; done
	kill "$reader" 2>/dev/null || true
	return "$status"
}

take-exports() {
	declare desc="What a buildpack exports for the ones after it; its file is run as the app's user" file="$1"
	local said entry
	said="$(mktemp)"
	as-user /bin/bash -c 'source "$0"; exec /usr/bin/env -0' "$file" >"$said" || true
	while IFS= read -r -d '' entry; do
		case "${entry%%=*}" in PWD | SHLVL | OLDPWD | _ | HEROKUISH_* | *[!A-Za-z0-9_]*) continue ;; esac
		export "$entry" 2>/dev/null || true
	done <"$said"
	rm -f "$said"
	hash -r
}

release() {
	declare desc="Keeps what the last buildpack says of its processes: a Procfile where the app has none" buildpack="$1"
	local said="$BUILD_PATH/.release"
	[[ -f "$buildpack/bin/release" ]] || return 0
	as-user "$buildpack/bin/release" "$BUILD_PATH" >"$said" || fail "bin/release of the buildpack failed"
	keep-config-vars <"$said"
	[[ -f "$BUILD_PATH/Procfile" ]] || yaml-map default_process_types <"$said" | sed 's/=/: /' >"$BUILD_PATH/Procfile"
	[[ -s "$BUILD_PATH/Procfile" ]] || rm -f "$BUILD_PATH/Procfile"
}

keep-config-vars() {
	declare desc="What the buildpack says of variables, for whatever the app's config does not set"
	local line vars
	vars="$(yaml-map config_vars)"
	[[ -n "$vars" ]] || return 0
	mkdir -p "$BUILD_PATH/.profile.d"
	while IFS= read -r line; do
		printf 'export %s=${%s:-%q}\n' "${line%%=*}" "${line%%=*}" "${line#*=}"
	done <<<"$vars" >"$BUILD_PATH/.profile.d/00_config_vars.sh"
}

yaml-map() {
	declare desc="NAME=VALUE of a map of texts in YAML as buildpacks write it" key="$1"
	sed -n "/^${key}:/,/^[^[:space:]#-]/{s/^[[:space:]]\{1,\}['\"]\{0,1\}\([A-Za-z0-9_-]*\)['\"]\{0,1\}:[[:space:]]*\(.*\)$/\1=\2/p}" |
		sed -e "s/=[\"']\(.*\)[\"'][[:space:]]*$/=\1/" -e '/=$/d'
}

finish() {
	declare desc="Puts what was compiled into the app's place, and says its process types"
	move-build
	[[ -f "$APP_PATH/Procfile" ]] || return 0
	step "Discovering process types"
	detail "Process types: $(sed -n 's/^[[:space:]]*\([A-Za-z0-9_-]\{1,\}\):.*/\1/p' "$APP_PATH/Procfile" | paste -sd, | sed 's/,/, /g')"
}

move-build() {
	declare desc="What was compiled takes the app's place"
	find "$APP_PATH" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
	find "$BUILD_PATH" -mindepth 1 -maxdepth 1 -exec mv -t "$APP_PATH" {} +
	[[ $EUID != 0 ]] || own "$APP_PATH"
}

as-user() {
	declare desc="Runs a program as the app's user, within its limits"
	(exec-as-user "$@")
}

exec-as-user() {
	declare desc="Becomes a program of the app's user, within its time and with files no larger than HEROKUISH_FILE_SIZE"
	export HOME="$APP_PATH"
	local drop=()
	[[ $EUID != 0 || "$HEROKUISH_SETUIDGUID" == false ]] || drop=(setpriv --reuid "$APP_UID" --regid "$APP_UID" --clear-groups --no-new-privs --)
	[[ -z "$HEROKUISH_FILE_SIZE" ]] || ulimit -f "$HEROKUISH_FILE_SIZE"
	exec timeout --kill-after=10 "$TIMEOUT" "${drop[@]}" "$@"
}
