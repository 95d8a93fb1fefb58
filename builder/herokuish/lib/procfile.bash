# Process types of an app: NAME: COMMAND lines of its Procfile.

procfile-parse() {
	declare desc="Prints the command of a process type; the first line that has it counts" type="$1"
	local line name
	[[ -f "$APP_PATH/Procfile" ]] || fail "there is no Procfile"
	while IFS= read -r line || [[ -n "$line" ]]; do
		line="${line%$'\r'}"
		[[ "$line" != \#* && "$line" == *:* ]] || continue
		name="${line%%:*}"
		name="${name#"${name%%[![:space:]]*}"}"
		[[ "$name" == "$type" ]] || continue
		printf '%s\n' "${line#*:}"
		return
	done <"$APP_PATH/Procfile"
}

procfile-start() {
	declare desc="Replaces this process by that of a process type" type="$1"
	local command=""
	[[ ! -f "$APP_PATH/Procfile" ]] || command="$(procfile-parse "$type")"
	[[ -n "${command//[[:space:]]/}" ]] || fail "Proc entrypoint ${type:-(none)} does not exist. Please check your Procfile"
	if [[ -z "$HEROKUISH_LOADED" ]]; then
		as-app procfile start "$@"
		profile-load
	fi
	exec bash -c "$(as-line "$command")"
}

procfile-exec() {
	declare desc="Replaces this process by a command, in the environment of the app's processes"
	(($# > 0)) || fail "herokuish procfile exec COMMAND..." 64
	as-app procfile exec "$@"
	profile-load
	# The command may be /start, which would read everything once more.
	export HEROKUISH_LOADED=1
	exec "$@"
}

as-line() {
	declare desc="What bash is to run: the command as it stands, or as the first herokuish took it apart" command="$1"
	if [[ "$HEROKUISH_EVAL" == true ]]; then
		# Quotes are lost and blanks collapse: for Procfiles that were written around that.
		printf 'exec $(eval echo %q)' "$command"
	else
		printf '%s' "$command"
	fi
}
